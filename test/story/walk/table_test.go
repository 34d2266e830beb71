package walk

import (
	"encoding/json"
	"testing"
)

// planted are answers that contradict each other, by the rule that finds them.
var planted = map[string]string{
	"the decision is another than the status":                             `{"drained": {"status": "OK", "facts": {"decision": "no"}}}`,
	"serviceable is yes, drained is not":                                  `{"serviceable": {"status": "OK"}, "drained": {"status": "UNKNOWN"}}`,
	"serviceable is yes, Ceph is CRITICAL":                                `{"serviceable through pve": {"status": "WARNING"}, "ceph": {"findings": [{"status": "CRITICAL"}]}}`,
	"serviceable is yes, quorum has no margin":                            `{"serviceable": {"status": "OK"}, "pve": {"facts": {"votes": {"margin": 0}, "nodes": [{"name": "pve3", "online": true}]}}}`,
	"reintegrated is yes, a plugin is CRITICAL":                           `{"reintegrated": {"status": "WARNING"}, "fans": {"findings": [{"status": "CRITICAL"}]}}`,
	"reintegrated is yes, the cluster's check is CRITICAL about the node": `{"reintegrated": {"status": "OK"}, "pve": {"findings": [{"status": "CRITICAL", "text": "node pve3 is offline"}]}}`,
	"reintegrated is plain yes, the fans are not well":                    `{"reintegrated": {"status": "OK"}, "fans": {"status": "WARNING"}}`,
	"reintegrated is no for fans that are well":                           `{"reintegrated": {"facts": {"checklist": [{"condition": "the fans are quiet", "outcome": "fails"}]}}, "fans": {"status": "OK", "facts": {"power": "on"}}}`,
	"serviceable and reintegrated are both yes":                           `{"serviceable": {"status": "OK"}, "reintegrated through pve": {"status": "OK"}}`,
	"drained and reintegrated are both yes":                               `{"drained": {"status": "OK"}, "reintegrated": {"status": "OK"}}`,
	"two ways to ask Ceph":                                                `{"serviceable": {"status": "CRITICAL"}, "serviceable through pve": {"status": "OK"}}`,
	"a PG that is whole for one and not for the other":                    `{"serviceable": {"facts": {"checklist": [{"condition": "every PG is whole", "outcome": "fails"}]}}, "ceph": {"perfdata": [{"label": "pgs", "value": 33}, {"label": "pgs_clean", "value": 33}]}}`,
	"no for quorum, of which others say that it survives":                 `{"serviceable": {"facts": {"checklist": [{"condition": "quorum survives", "outcome": "fails"}]}}, "contingency": {"facts": {"failures": [{"failure": {"kind": "node", "name": "pve3"}, "conditions": [{"condition": "quorum survives", "outcome": "holds"}]}]}}}`,
	"yes for quorum, of which others say that it is lost":                 `{"serviceable": {"status": "OK"}, "contingency": {"facts": {"failures": [{"failure": {"kind": "node", "name": "pve3"}, "conditions": [{"condition": "every pool keeps its I/O", "outcome": "fails"}]}]}}}`,
	"drained is yes, and a guest answers there":                           `{"drained": {"status": "OK"}, "guests": {"facts": {"guests": [{"node": "pve3", "reachable": true}]}}}`,
	"a node is down for one and online for the other":                     `{"guests": {"findings": [{"status": "CRITICAL", "text": "node pve3 is down: 2 guests"}]}, "pve": {"facts": {"nodes": [{"name": "pve3", "online": true}]}}}`,
}

// TestTable: each rule refuses what was planted for it, and no other that agrees.
func TestTable(t *testing.T) {
	for _, r := range table {
		var a Answers
		if err := json.Unmarshal([]byte(planted[r.name]), &a); err != nil {
			t.Errorf("%s: nothing is planted for it: %v", r.name, err)
			continue
		}
		if r.says(a) == "" {
			t.Errorf("%s: not found in %s", r.name, planted[r.name])
		}
		if text := r.says(Answers{"drained": {Status: "CRITICAL", Facts: Facts{Decision: "no"}}}); text != "" {
			t.Errorf("%s: found where nobody contradicts: %s", r.name, text)
		}
	}
}
