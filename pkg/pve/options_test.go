package pve_test

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestValidate: a mistake is answered by the name of the option that it is in.
func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		hosts []string
		port  int
		want  string
	}{
		"a name":              {[]string{"pve1"}, 8006, ""},
		"ports of their own":  {[]string{"pve1:8006", "[2001:db8::1]:443"}, 0, ""},
		"no port":             {[]string{"pve1"}, 0, "--port: expected a port from 1 to 65535, got 0"},
		"no port, not needed": {[]string{"pve1:8006"}, -1, "--port: expected a port from 1 to 65535, got -1"},
		"too large":           {[]string{"pve1:8006"}, 65536, "--port: expected a port from 1 to 65535, got 65536"},
		"no host":             {[]string{"pve1", "pve 2"}, 0, "--port: "},
		"no host either":      {[]string{"pve 2"}, 0, "-H: \"pve 2\": not a host name"},
		"a host's own port":   {[]string{"pve1:99999"}, 8006, "-H: \"pve1:99999\": expected a port"},
	} {
		err := pve.Options{Hosts: c.hosts, Port: c.port}.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
