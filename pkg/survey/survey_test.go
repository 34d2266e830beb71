package survey

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/pve"
)

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		options Options
		want    string // part of the error, empty for none
	}{
		"a node":             {Options{Node: []string{"pve3"}}, ""},
		"a host for it":      {Options{Node: []string{"pve3"}, CephHost: map[string]string{"pve3": "ceph-a,ceph-b"}}, ""},
		"no name":            {Options{Node: []string{""}}, "--node"},
		"an address":         {Options{Node: []string{"pve3:8006"}}, "--node"},
		"a path":             {Options{Node: []string{"../pve3"}}, "--node"},
		"a host of nobody":   {Options{Node: []string{"pve3"}, CephHost: map[string]string{"": "ceph-a"}}, "--ceph-host"},
		"a node without one": {Options{Node: []string{"pve3"}, CephHost: map[string]string{"pve3": ""}}, "--ceph-host"},
		"one host twice":     {Options{Node: []string{"pve3"}, CephHost: map[string]string{"pve1": "ceph-a", "pve3": "ceph-a"}}, "ceph-a"},
		"a comma too many":   {Options{Node: []string{"pve3"}, CephHost: map[string]string{"pve3": "ceph-a,"}}, "--ceph-host"},
	}
	for name, c := range tests {
		err := c.options.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestBMCValidate(t *testing.T) {
	for name, c := range map[string]struct {
		bmc  BMC
		good bool
	}{
		"none":                   {BMC{}, true},
		"an address":             {BMC{Host: "bmc3", Insecure: true}, true},
		"no address":             {BMC{Insecure: true}, false},
		"two ways to trust":      {BMC{Host: "bmc3", Insecure: true, Fingerprint: strings.Repeat("ab", 32)}, false},
		"a fingerprint, half":    {BMC{Host: "bmc3", Fingerprint: "abab"}, false},
		"a fingerprint, in full": {BMC{Host: "bmc3", Fingerprint: strings.Repeat("ab", 32)}, true},
	} {
		if err := c.bmc.Validate(); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSays: only an error 500 with these words says that there is no Ceph. That
// nobody may ask, or that nobody answered, says nothing.
func TestSays(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"so":              {&pve.Error{Code: 500, Status: "500 pveceph configuration not initialized - run 'pveceph init'"}, true},
		"something else":  {&pve.Error{Code: 500, Status: "500 got timeout"}, false},
		"not allowed":     {&pve.Error{Code: 403, Status: "403 pveceph configuration not initialized"}, false},
		"no answer":       {&pve.Error{}, false},
		"words elsewhere": {errors.New("500 pveceph configuration not initialized"), false},
		"nothing":         {nil, false},
	} {
		if got := says(c.err, unconfigured); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestNo(t *testing.T) {
	for raw, want := range map[string]bool{
		`false`: true, `0`: true, `"0"`: true, `""`: true,
		`true`: false, `1`: false, `"1"`: false, `null`: false, ``: false, `{}`: false,
	} {
		if got := no(json.RawMessage(raw)); got != want {
			t.Errorf("%q: %v, want %v", raw, got, want)
		}
	}
}
