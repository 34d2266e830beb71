package fans

import "github.com/noout-monitoring/noout/pkg/check"

// judge is the verdict as check_fans answers it.
func judge(p Poll, pol Policy, m Memory) check.Result {
	v := Judge(p, pol, m)
	return check.Result{Findings: answered(v.Findings()), Summary: v.Summary, Notes: v.Notes}
}

func answered(fs []Finding) []check.Finding {
	var out []check.Finding
	for _, f := range fs {
		out = append(out, check.Finding{Status: check.Status(f.Severity), Text: f.Text})
	}
	return out
}
