package fans

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
)

// older is a memory as it was written before fans had rotors: a drop-out that
// keeps its level, another that was acknowledged, a fan with another serial.
const older = `{"identity":{"uuid":"4c4c4544-0042"},"last_poll":"2026-11-20T11:55:01Z","power":"on",
"fans":{"1/1":{"name":"FAN1","sensor":65,"turned":true,"seen":"2026-11-20T11:55:01Z"},
"1/2":{"name":"FAN2","serial":"A","sensor":66,"turned":true,"seen":"2026-11-20T11:55:01Z","new_serial":"B"},
"1/9":{"name":"FAN9","sensor":0,"turned":true,"down":true,"seen":"2026-11-20T11:55:01Z","gone":"2026-11-20T11:00:01Z"}},
"marks":[{"fan":"1/1","at":"2026-11-20T11:40:00Z","down":true,"level":"lower critical","order":7},
{"fan":"1/1","at":"2026-11-20T11:40:11Z","down":false,"level":"lower critical","order":8},
{"fan":"1/9","at":"2026-11-20T11:05:01Z","since":"2026-11-20T10:55:01Z","down":true,"poll":true}],
"logs":{"SEL":{"read":"2026-11-20T11:55:01Z","whole":true,"max":8,"last":"8 1795174811","keys":{"7 1795174800":1,"8 1795174811":1}}},
"excused":[{"from":"2026-11-19T10:00:00Z","to":"2026-11-19T10:10:00Z","why":"host power changed"}],
"acknowledged":[{"at":"2026-11-20T10:00:00Z","user":"root","text":"reseated","closed":[{"fans":["1/2"],"start":"2026-11-20T09:00:00Z","end":"2026-11-20T09:00:11Z","logged":true}]}],
"latch":{"include \"\" exclude \"\" window 24h warning 0 critical 4 expect -1 zero \"\"":2},
"former":{"1/8":"FAN8"}}`

// TestOlderMemory: what an older version wrote is read, and means the same.
func TestOlderMemory(t *testing.T) {
	var m Memory
	if err := json.Unmarshal([]byte(older), &m); err != nil {
		t.Fatal(err)
	}
	s := six()
	s.Fans[1].Serial = "B"
	p := Poll{Server: s, Started: noon, Now: noon.Add(time.Second)}
	after := Observe(m, p, defaults())
	r := judge(p, defaults(), after)
	want := map[string]check.Status{
		"FAN9 is missing (left the controller's list)":                        check.CRITICAL,
		"hardware replaced: FAN2 has serial B, was A, confirm with --relearn": check.WARNING,
	}
	for _, f := range r.Findings {
		if want[f.Text] == f.Status {
			delete(want, f.Text)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v in %+v", want, r.Findings)
	}
	if v := Judge(p, defaults(), after); len(v.Counted) != 2 || v.Dropped[0].Severity != Major || len(after.Acks) != 1 || len(after.Acks[0].Closed) != 1 {
		t.Errorf("%d drop-outs as %+v, %+v", len(v.Counted), v.Dropped, after.Acks)
	}
}
