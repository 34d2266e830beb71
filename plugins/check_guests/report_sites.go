package main

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/web"
)

type siteReport struct {
	URL   string `json:"url"`
	Guest int    `json:"guest,omitempty"`
	// Status of HTTP; left out where there was no answer.
	Status  int         `json:"status,omitempty"`
	Address string      `json:"address,omitempty"`
	Took    *tookReport `json:"took,omitempty"`
	// Certificate says what is wrong with it, and Trouble why there is no answer.
	Certificate string `json:"certificate,omitempty"`
	Trouble     string `json:"trouble,omitempty"`
	// Gap is the longest of a watch, and Hung the phase in which its calls did.
	Gap  *siteGapFacts `json:"longest_gap,omitempty"`
	Hung string        `json:"hung,omitempty"`
	// Silent says that there was no answer, and that this is not our own doing.
	Silent bool `json:"silent,omitempty"`
}

type siteGapFacts struct {
	Milliseconds float64 `json:"ms"`
	AtLeast      float64 `json:"at_least_ms"`
	AtMost       float64 `json:"at_most_ms,omitempty"`
	Unbounded    bool    `json:"unbounded,omitempty"`
}

// tookReport is how long each phase took that was reached.
type tookReport struct {
	DNS       float64 `json:"dns_ms"`
	Connect   float64 `json:"connect_ms,omitempty"`
	TLS       float64 `json:"tls_ms,omitempty"`
	FirstByte float64 `json:"first_byte_ms,omitempty"`
}

func (f *facts) siteReport(s *site) siteReport {
	out := siteReport{URL: s.name(), Guest: s.guest, Status: s.seen.Status, Certificate: s.seen.Flaw, Silent: s.dark()}
	if g := f.owner(s); g != nil {
		out.Guest = g.guest.ID
	}
	if s.seen.Addr.IsValid() {
		out.Address = s.seen.Addr.String()
	}
	switch {
	case s.seen.Err != nil:
		out.Trouble = s.seen.Err.Error()
	case !s.asked && slices.Contains(f.idle, s.guest):
		out.Trouble = "not asked: its guest need not run"
	case !s.asked:
		out.Trouble = "not asked: there is no such guest among those that are asked"
	}
	if g := s.longest; s.gaps > 0 {
		out.Gap = &siteGapFacts{Milliseconds: millis(g.Length()), AtLeast: millis(g.AtLeast), AtMost: millis(g.AtMost), Unbounded: g.Unbounded}
		out.Hung = [...]string{"dns", "connect", "tls", "first_byte", ""}[g.Phase]
	}
	if t := s.seen.Took; s.asked {
		out.Took = &tookReport{millis(t[web.Resolving]), millis(t[web.Connecting]), millis(t[web.Shaking]), millis(t[web.Asking])}
	}
	return out
}
