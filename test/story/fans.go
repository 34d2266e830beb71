package story

import (
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// drop lets fans drop out; the controller notices and logs it.
func drop(d time.Duration, fans ...int) func(*World) error {
	return func(w *World) error {
		for _, n := range fans {
			if err := w.Room.Do(fmt.Sprintf("bmc drop?fan=%d&for=%s&shape=%s", n, d, world.Absent)); err != nil {
				return err
			}
		}
		w.back = time.Now().Add(d)
		return nil
	}
}

// turned waits until the fans turn again.
func turned(w *World) error {
	time.Sleep(time.Until(w.back) + 100*time.Millisecond)
	return nil
}

// unseen is a drop-out that is over before anybody polls.
func unseen(d time.Duration, fans ...int) func(*World) error {
	return func(w *World) error {
		if err := drop(d, fans...)(w); err != nil {
			return err
		}
		return turned(w)
	}
}

// fans is step 0 of the story: a fan fails now and then.
func fans() []Step {
	check := func(more ...string) []string {
		return ask("check_fans", more...)
	}
	return []Step{
		{
			Happens: "All six fans of the server turn.",
			Command: check(), Exit: 0, Line: `OK: 6 fans turn, no drop-out in 24h \|`,
			Why: "Every fan that the controller lists turns, and its event log knows of no drop-out.",
		},
		{
			Happens: "The connector of FAN3 comes loose. It will be back in 11 seconds.",
			Do:      drop(11*time.Second, 3),
			Command: check(), Exit: 2, Line: `CRITICAL: \(1\) FAN3 is missing \(State Absent`,
			Why: "The controller says Absent and Health OK, which others pass as an empty bay. This fan was here before.",
		},
		{
			Happens: "Somebody acknowledges too early.",
			Command: check("--acknowledge", "looks fine to me"), Exit: 2, Line: `CRITICAL: not acknowledged: \(1\) FAN3 is missing`,
			Why: "Nothing is acknowledged while a fan is down.",
		},
		{
			Happens: "FAN3 turns again. This is the next poll.",
			Do:      turned,
			Command: check(), Exit: 2, Line: `CRITICAL: FAN3 dropped out once in 24h: \S+ for 1\ds, stays CRITICAL until \S+`,
			Why: "All fans turn, the verdict stays: one PROBLEM for the fault, not one for each poll that happens to see it.",
		},
		{
			Happens: "The technician has reseated the connector.",
			Command: check("--acknowledge", "connector of FAN3 reseated"), Exit: 0, Line: `OK: acknowledged 1 drop-out: 6 fans turn`,
			Why: "The drop-out is closed, with the time, the user and the text. One RECOVERY.",
		},
		{
			Happens: "FAN3 and FAN4 drop out together for two seconds. No poll sees it.",
			Do:      unseen(2*time.Second, 3, 4),
			Command: check(), Exit: 1, Line: `WARNING: FAN3 and FAN4 dropped out once in 24h: \S+ for [23]s \(together: bus, connector or power, not 2 bad fans\), stays WARNING until`,
			Why: "A poll every five minutes has no chance to see two seconds. The controller's event log has, and two fans in step have one cause.",
		},
		{
			Happens: "The fan board's plug was replaced.",
			Command: check("--acknowledge", "plug of the fan board replaced"), Exit: 0, Line: `OK: acknowledged 1 drop-out: 6 fans turn, no drop-out in 24h`,
			Why: "Quiet again, until the next drop-out.",
		},
	}
}

// fansOverIPMI is the same for machines that have no usable Redfish.
func fansOverIPMI() []Step {
	ipmi := func(more ...string) []string {
		return append([]string{"check_fans", "--extra-opts=ipmi@$SITE"}, more...)
	}
	return []Step{
		{
			Happens: "The same server over IPMI, with a memory of its own.",
			Command: ipmi(), Exit: 1, Line: `WARNING: FAN3 and FAN4 dropped out once in 24h(?s:.*), FAN3 dropped out once in 24h: \S+ for 1\ds, stays WARNING until \S+`,
			Why: "The memory is new, the controller's log is not: what it holds of the window counts.",
		},
		{
			Happens: "That was repaired already.",
			Command: ipmi("--acknowledge", "repaired yesterday"), Exit: 0, Line: `OK: acknowledged 2 drop-outs: 6 fans turn`,
			Why: "Quiet over IPMI, too.",
		},
		{
			Happens: "FANA drops out for two seconds. No poll sees it.",
			Do:      unseen(2*time.Second, 5),
			Command: ipmi(), Exit: 1, Line: `WARNING: FANA dropped out once in 24h: \S+ for [23]s, stays WARNING until`,
			Why: "The same verdict comes out of sensors and of the system event log.",
		},
		{
			Happens: "Reseated.",
			Command: ipmi("--acknowledge", "FANA reseated"), Exit: 0, Line: `OK: acknowledged 1 drop-out: 6 fans turn`,
			Why: "One PROBLEM, one RECOVERY.",
		},
		{
			Happens: "Over Redfish nobody has looked meanwhile.",
			Command: ask("check_fans", "--acknowledge", "FANA reseated"), Exit: 0, Line: `OK: acknowledged 1 drop-out: 6 fans turn, no drop-out in 24h`,
			Why: "Both ways read the same log.",
		},
	}
}
