package gate

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/pve"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		given []string
		want  string // part of the error, empty for none
	}{
		"a host":           {[]string{"pve3=ceph-a,ceph-b"}, ""},
		"in two":           {[]string{"pve3=ceph-a", "pve3=ceph-b"}, ""},
		"no node":          {[]string{"=ceph-a"}, "NODE=HOST"},
		"no host":          {[]string{"pve3="}, "NODE=HOST"},
		"nothing of both":  {[]string{"pve3"}, "NODE=HOST"},
		"one host twice":   {[]string{"pve1=ceph-a", "pve3=ceph-a"}, "ceph-a"},
		"a comma too many": {[]string{"pve3=ceph-a,"}, "NODE=HOST"},
	} {
		var o Options
		var err error
		for _, text := range c.given {
			var h ceph.HostName
			err = errors.Join(err, h.UnmarshalText([]byte(text)))
			o.CephHost = append(o.CephHost, h)
		}
		if err = errors.Join(err, o.Validate()); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestBMCValidate(t *testing.T) {
	for name, c := range map[string]struct {
		bmc  BMC
		want string // how the error begins: with the option as it is called here
	}{
		"none":                   {BMC{}, ""},
		"an address":             {BMC{Controller: Controller{Host: "bmc3", Insecure: true}}, ""},
		"no address":             {BMC{Controller: Controller{Insecure: true}}, "--bmc: "},
		"fewer than no fan":      {BMC{Controller: Controller{Host: "bmc3"}, Fans: fans.Options{ExpectFans: new(-1)}}, "--expect-fans: "},
		"no host at all":         {BMC{Controller: Controller{Host: "bmc 3", Insecure: true}}, `--bmc: "bmc 3": not a host name, expected`},
		"a URL":                  {BMC{Controller: Controller{Host: "https://bmc3/"}}, "--bmc: "},
		"two ways to trust":      {BMC{Controller: Controller{Host: "bmc3", Insecure: true, Fingerprint: strings.Repeat("ab", 32)}}, "--bmc-insecure verifies nothing, expected it without --bmc-fingerprint"},
		"a fingerprint, half":    {BMC{Controller: Controller{Host: "bmc3", Fingerprint: "abab"}}, "--bmc-fingerprint: expected"},
		"no authority":           {BMC{Controller: Controller{Host: "bmc3", CAFile: "/nonexistent"}}, "--bmc-ca-file /nonexistent: "},
		"old TLS of nobody":      {BMC{Controller: Controller{TLSLegacy: true}}, "--bmc: "},
		"no level":               {BMC{Controller: Controller{Host: "bmc3", Privilege: "root"}}, "--ipmi-privilege: "},
		"a way to nobody":        {BMC{Controller: Controller{Via: "ipmi"}}, "--bmc: "},
		"fans of nobody":         {BMC{Fans: fans.Options{AllowZero: pattern("FANB")}}, "--bmc: "},
		"a fingerprint, in full": {BMC{Controller: Controller{Host: "bmc3", Fingerprint: strings.Repeat("ab", 32)}}, ""},
	} {
		c.bmc.IPMIPort = max(c.bmc.IPMIPort, 623)
		c.bmc.Via = cmp.Or(c.bmc.Via, "auto")
		if err := c.bmc.Validate(); (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
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

func pattern(s string) (p check.Pattern) {
	if err := p.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return p
}
