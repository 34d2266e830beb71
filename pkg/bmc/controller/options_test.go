package controller_test

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc/controller"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
)

// TestValidate: what can be no address is a mistake of the command line, whichever
// way is asked, and not a controller that does not answer.
func TestValidate(t *testing.T) {
	for host, want := range map[string]string{
		"bmc1":                 "",
		"bmc1:8443":            "",
		"2001:db8::1":          "",
		"":                     "--host: expected",
		"bmc 1":                `--host: "bmc 1": not a host name`,
		"https://bmc1":         "--host: ",
		"bmc1:99999":           `--host: "bmc1:99999": expected a port`,
		"99999999999999999999": "--host: ",
	} {
		for _, via := range []string{controller.Auto, controller.Redfish, controller.IPMI} {
			err := controller.Options{BMC: redfish.Options{Host: host, Port: 443}, Via: via}.Validate()
			if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q via %s: %v, want %q", host, via, err, want)
			}
		}
	}
	if err := (controller.Options{Via: controller.Local}).Validate(); err != nil {
		t.Error(err)
	}
}
