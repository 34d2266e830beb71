package secret

import (
	"strings"
	"testing"
)

func TestSameSection(t *testing.T) {
	o := Options{AuthFile: write(t, "[mgr?.example.net]\npassword = hush\n[mgr3.example.net]\npassword = hush\n[192.0.2.*]\npassword = hush\n", 0o600)}
	for named, want := range map[string]string{
		"mgr2.example.net":       "",
		"MGR2.example.net.":      "",
		"mgr1.example.net:8443":  "",
		"mgr3.example.net":       "the section in line 3 speaks for it, that in line 1 for mgr1.example.net",
		"192.0.2.1":              "the section in line 5 speaks for it",
		"mgr2.example.net.evil":  "no section for mgr2.example.net.evil",
		"thief.example":          "no section for thief.example",
		"mgr22.example.net":      "no section for mgr22.example.net",
		"":                       "no section for",
		"mgr1.example.net@thief": "no section for",
	} {
		err := o.SameSection("mgr1.example.net:8443", named)
		if (want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%q: %v, expected %q", named, err, want)
		}
	}
	t.Setenv("NOOUT_PASSWORD", "hush")
	if err := (Options{}).SameSection("mgr1", "mgr1"); err == nil || !strings.Contains(err.Error(), "for the hosts of -H only") {
		t.Errorf("the environment speaks for others: %v", err)
	}
	if err := (Options{AuthFile: write(t, "[*]\npassword = hush\n", 0o644)}).SameSection("mgr1", "mgr1"); err == nil || !strings.Contains(err.Error(), "has mode 0644") {
		t.Errorf("an open file: %v", err)
	}
}
