package channel

import (
	"strings"
	"testing"
)

// TestSenderAsAdvised: angle brackets are others in an answer, so what is advised
// has none, and is taken when it is given.
func TestSenderAsAdvised(t *testing.T) {
	for name, o := range map[string]Options{
		"none":          {Sendmail: "/bin/sh"},
		"none for them": {Pages: t.TempDir()},
		"no address":    {Sendmail: "/bin/sh", MailFrom: "noc"},
	} {
		err := o.Validate()
		if err == nil || !strings.Contains(err.Error(), "such as noc@example.net") || strings.ContainsAny(err.Error(), "<>") {
			t.Errorf("%s: %v", name, err)
		}
		if o.MailFrom = "noc@example.net"; o.Validate() != nil {
			t.Errorf("%s: as advised: %v", name, o.Validate())
		}
	}
}
