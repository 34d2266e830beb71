package world

import (
	"fmt"
	"slices"
	"time"
)

// Switch changes the power of the host.
type Switch struct {
	To Power
	// Log says that the controller logs the fans that stop and start with the
	// host as failed and recovered, as some do.
	Log bool
}

func (s Switch) check(*World) error {
	if !slices.Contains([]Power{On, Off, PoweringOn, PoweringOff}, s.To) {
		return fmt.Errorf("power %q: there are On, Off, PoweringOn and PoweringOff", s.To)
	}
	return nil
}

func (s Switch) apply(w *World, at time.Time) {
	if w.power == s.To {
		return
	}
	w.power, w.powered = s.To, at
	if s.To != On && s.To != Off {
		return
	}
	kind := map[Power]Kind{On: PowerOn, Off: PowerOff}[s.To]
	w.record(at, Record{Kind: kind})
	if !s.Log {
		return
	}
	for i, f := range w.fans {
		if !f.Empty && f.shape == Healthy {
			entry{i + 1, Zero, s.To == On}.apply(w, at)
		}
	}
}

// Restart starts the controller anew: its sessions are lost, it does not answer
// for a while, and then lists no fans for a while.
type Restart struct {
	Down, Blank time.Duration
}

func (r Restart) check(*World) error { return nil }

func (r Restart) apply(w *World, at time.Time) {
	w.boots++
	w.down = at.Add(r.Down)
	w.blank = w.down.Add(r.Blank)
	w.started = w.down
	w.push(w.down, started{})
}

type started struct{}

func (started) check(*World) error           { return nil }
func (started) apply(w *World, at time.Time) { w.record(at, Record{Kind: Boot}) }

// Rename is what a firmware update does to the names of fans, and when IDs is
// set to their ids too. A %d in the format stands for the place of the fan.
type Rename struct {
	Names    string
	IDs      string
	Firmware string
}

func (r Rename) check(*World) error {
	if r.Names == "" {
		return fmt.Errorf("no names to rename the fans to")
	}
	return nil
}

func (r Rename) apply(w *World, _ time.Time) {
	for i, f := range w.fans {
		f.Name, f.LogName = fmt.Sprintf(r.Names, i+1), ""
		if r.IDs != "" {
			f.ID = fmt.Sprintf(r.IDs, i+1)
		}
	}
	if r.Firmware != "" {
		w.identity.Firmware = r.Firmware
	}
}

// Replace puts another server at this address: other ids and an empty log.
type Replace struct {
	UUID, Serial string
	Fans         []Fan // nil: as many of the same
	KeepLog      bool  // only the identity changes
}

func (r Replace) check(*World) error { return nil }

func (r Replace) apply(w *World, at time.Time) {
	w.identity.UUID, w.identity.Serial = r.UUID, r.Serial
	if r.UUID == "" {
		w.identity.UUID = fmt.Sprintf("ffeeddcc-0000-4000-8000-%012x", w.planned)
	}
	if r.Serial == "" {
		w.identity.Serial = fmt.Sprintf("REPLACED%d", w.planned)
	}
	if r.Fans != nil {
		w.fans = nil
		for _, f := range r.Fans {
			w.fans = append(w.fans, &state{Fan: f})
		}
	}
	for _, f := range w.fans {
		f.shape = Healthy
		f.failure++
	}
	w.balance = OK
	w.boots++
	w.started = at
	if !r.KeepLog {
		w.log, w.history = newLog(w.config.Log), newLog(LogConfig{FirstID: w.config.Log.HistoryID})
	}
}

// ClearLog empties the event log.
type ClearLog struct{}

func (ClearLog) check(*World) error { return nil }

func (ClearLog) apply(w *World, at time.Time) {
	w.log.clear()
	if !w.log.Silent {
		w.record(at, Record{Kind: Cleared})
	}
}

// SetClock moves the controller's clock: to a date, by a duration, or back to
// the true time when both are zero.
type SetClock struct {
	To time.Time
	By time.Duration
}

func (c SetClock) check(*World) error { return nil }

func (c SetClock) apply(w *World, at time.Time) {
	switch {
	case !c.To.IsZero():
		w.skew = c.To.Sub(at)
	case c.By != 0:
		w.skew += c.By
	default:
		w.skew = 0
	}
}

// Write adds entries about something else to the log.
type Write struct {
	Text  string
	Count int // 0 is one
}

func (Write) check(*World) error { return nil }

func (e Write) apply(w *World, at time.Time) {
	for i := range max(e.Count, 1) {
		text := e.Text
		if text == "" {
			text = noise(w.log.last + i)
		}
		w.record(at, Record{Kind: Other, Text: text})
	}
}
