package main

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/pkg/gate"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/test/gates"
)

func TestMain(m *testing.M) { gates.Main(m) }

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

func TestGolden(t *testing.T) { gates.Golden(t, pluginAt) }

// answers that agree with what is right about a recording.
var answers = map[string][]string{
	"YES":         {"yes", "yes-but"},
	"NO":          {"no"},
	"IN_PROGRESS": {"no"},
	"UNKNOWN":     {"not-proven"},
}

func TestRecordings(t *testing.T) {
	gates.Recordings(t, "reintegrated", answers, func(s gate.Survey) (maintenance.Checklist, error) {
		s.Back = true
		f, err := s.Ask(t.Context())
		if err != nil {
			return nil, err
		}
		f.PVE.Cluster.Time = time.Time{} // the recording is old
		return maintenance.Reintegrated(maintenance.Return{Evidence: f.Evidence}), nil
	})
}
