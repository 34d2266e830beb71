package pve

import (
	"slices"
	"testing"
)

func TestNodeName(t *testing.T) {
	for text, good := range map[string]bool{"pve3": true, "node-a.lab": true, "": false, "pve3:8006": false, "../pve3": false, "pve 3": false, "pve3=1": false} {
		var n NodeName
		if err := n.UnmarshalText([]byte(text)); (err == nil) != good || good && string(n) != text {
			t.Errorf("%q: %q %v", text, n, err)
		}
	}
	if got := Names([]NodeName{"pve3", "pve1", "pve3"}); !slices.Equal(got, []string{"pve3", "pve1"}) {
		t.Errorf("%q", got)
	}
}

func TestMaintained(t *testing.T) {
	for text, want := range map[string]Maintained{"pve3": {"pve3", true}, "pve3=1": {"pve3", true}, "pve3=12": {"pve3", true}, "pve3=0": {"pve3", false}} {
		var m Maintained
		if err := m.UnmarshalText([]byte(text)); err != nil || m != want {
			t.Errorf("%q: %+v %v", text, m, err)
		}
	}
	for _, text := range []string{"", "=1", "pve3=", "pve3=-1", "pve3=+1", "pve3=soon", "a:b=1", "a=b=1"} {
		if err := new(Maintained).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if got := MaintainedNow([]Maintained{{"pve3", true}, {"pve1", false}, {"pve3", true}}); !slices.Equal(got, []string{"pve3"}) {
		t.Errorf("%q", got)
	}
}
