package ceph

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const crushMap = `# begin crush map
tunable choose_total_tries 50

# devices
device 0 osd.0 class hdd
device 1 osd.1 class ssd

# types
type 0 osd
type 1 host
type 11 root

# buckets
host pve1 {
	id -3		# do not change unnecessarily
	alg straw2
	hash 0	# rjenkins1
	item osd.0 weight 0.00098
}
root default {
	id -1
	item pve1 weight 0.00098
}

# rules
RULES
# end crush map
`

func TestCrushRules(t *testing.T) {
	const head, foot = "rule replicated_rule {\n\tid 0\n\ttype replicated\n", "}\n"
	host := "\tstep take default\n\tstep chooseleaf firstn 0 type host\n\tstep emit\n"
	tests := map[string]struct {
		rules string
		want  string // domains by id, or the error
	}{
		"host":                      {head + host + foot, "0 host default"},
		"old ruleset":               {"rule r {\n ruleset 3\n type replicated\n min_size 1\n max_size 10\n" + host + foot, "3 host default"},
		"id wins over ruleset":      {"rule r {\n ruleset 3\n id 4\n" + host + foot, "4 host default"},
		"device class":              {head + "step take default class ssd\nstep chooseleaf indep 0 type rack\nstep emit\n" + foot, "0 rack default ssd"},
		"shadow":                    {head + "step take default~ssd\nstep chooseleaf indep 0 type rack\nstep emit\n" + foot, "0 rack default ssd"},
		"tries are no choice":       {head + "step set_chooseleaf_tries 5\n" + host + foot, "0 host default"},
		"the last choice":           {head + "step take default\nstep choose indep 3 type host\nstep choose indep 2 type osd\nstep emit\n" + foot, "0 osd default"},
		"racks, then hosts":         {head + "step take default\nstep choose firstn 2 type rack\nstep chooseleaf firstn 2 type host\nstep emit\n" + foot, "0 host default"},
		"two choices, one rule":     {head + host + host + foot, "0 - default default"},
		"ssd first, hdd after":      {head + "step take default class ssd\nstep chooseleaf firstn 1 type host\nstep emit\nstep take default class hdd\nstep chooseleaf firstn -1 type host\nstep emit\n" + foot, "0 - default ssd default hdd"},
		"multi-step retry":          {head + "step take default\nstep choosemsr 0 type host\nstep emit\n" + foot, "0 - default"},
		"a word too many in take":   {head + "step take default klass ssd\nstep chooseleaf firstn 0 type host\nstep emit\n" + foot, "0 - default"},
		"no take":                   {head + "step chooseleaf firstn 0 type host\nstep emit\n" + foot, "0 -"},
		"two rules":                 {head + host + foot + strings.Replace(head, "id 0", "id 1", 1) + host + foot, "0 host default, 1 host default"},
		"two rules of one id":       {head + host + foot + head + host + foot, "two rules have one id"},
		"no rule":                   {"", "there is no rule in it"},
		"cut":                       {head + host, "it ends within a rule"},
		"no id":                     {"rule r {\n" + host + foot, "a rule has no id"},
		"an id that is none":        {"rule r {\nid x\n" + host + foot, "the id of a rule cannot be read"},
		"a line that nobody knows":  {head + "stop take default\n" + foot, "a rule has a line that cannot be read"},
		"a head that nobody knows":  {"rule r\n{\n" + host + foot, "the head of a rule cannot be read"},
		"a rule within another one": {head + head + host + foot, "a rule has a line that cannot be read"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			rules, err := crushRules(strings.Replace(crushMap, "RULES", c.rules, 1))
			got := ""
			if err != nil {
				got = err.Error()
				if rules != nil {
					t.Errorf("rules beside an error: %v", rules)
				}
			}
			for i, r := range rules {
				if i > 0 {
					got += ", "
				}
				got += described(r)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func described(r Rule) string {
	domain := r.Domain
	if domain == "" {
		domain = "-"
	}
	out := string(rune('0'+r.ID)) + " " + domain
	for _, root := range r.roots {
		out = strings.TrimSpace(out + " " + root.name + " " + root.class)
	}
	return out
}

// TestCrushRulesCopies: the root of a rule that was read from text is found by
// its name, although an OSD has the number 0.
func TestCrushRulesCopies(t *testing.T) {
	c, err := Read(strings.NewReader(`{"fsid":"f","health":{"status":"HEALTH_OK","checks":{}},"quorum_names":["a"],"monmap":{"num_mons":1},"osdmap":{"num_osds":3,"num_up_osds":3,"num_in_osds":3},"pgmap":{"num_pgs":0,"pgs_by_state":[]},"mgrmap":{"available":true,"num_standbys":0}}
{"flags":"sortbitwise","osds":[{"osd":0,"up":1,"in":1},{"osd":1,"up":1,"in":1},{"osd":2,"up":1,"in":1}],"pools":[{"pool":1,"pool_name":"rbd","size":3,"min_size":2,"crush_rule":0}]}
{"nodes":[{"id":-1,"name":"default","type":"root","children":[-2,-3,-4]},{"id":-2,"name":"a","type":"host","children":[0]},{"id":-3,"name":"b","type":"host","children":[1]},{"id":-4,"name":"c","type":"host","children":[2]},{"id":0,"type":"osd"},{"id":1,"type":"osd"},{"id":2,"type":"osd"}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	c.Rules, err = crushRules("rule r {\nid 0\nstep take default\nstep chooseleaf firstn 0 type host\nstep emit\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if left, exact := c.Copies(c.Map.Pools[0], []int{0}); left != 2 || !exact {
		t.Errorf("%d copies left, exact %v, want 2 and true", left, exact)
	}
}

func FuzzCrushRules(f *testing.F) {
	f.Add(strings.Replace(crushMap, "RULES", "rule r {\nid 0\nstep take default class ssd\nstep chooseleaf firstn 0 type host\nstep emit\n}", 1))
	f.Add("rule {\nruleset 1\nstep emit\n}")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := crushRules(text)
		if (err == nil) != (len(rules) > 0) {
			t.Fatalf("%d rules with %v", len(rules), err)
		}
		for _, r := range rules {
			if r.Domain != "" && len(r.roots) != 1 {
				t.Errorf("a domain with %d roots: %+v", len(r.roots), r)
			}
		}
	})
}
