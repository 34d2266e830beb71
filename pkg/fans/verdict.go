package fans

import "slices"

// Severity of a finding, in the words of ITU-T X.733: what each is called in an
// answer, say the plugins. Their order and numbers are kept in the memory.
type Severity int

// Clear is well, Minor cools less or less surely, Major does not cool or may
// not for long, Indeterminate could not be told.
const (
	Clear Severity = iota
	Minor
	Major
	Indeterminate
)

// Finding is one thing there is to say about the fans.
type Finding struct {
	Severity
	// Subject is the fan or the redundancy set that it is about, empty for the
	// server as a whole.
	Subject  string
	Text     string
	Evidence []string
	Raw      []string
}

// Verdict is what one poll, the memory and the log say together.
type Verdict struct {
	// Live compares what the controller says now with its own thresholds and
	// with the fans that are known. Dropped are the drop-outs of the window,
	// Standing is a loss of redundancy that the log has not taken back, Hardware
	// parts that are not the ones that were learned, Unread what could
	// not be read.
	Live, Dropped, Standing, Hardware, Unread []Finding
	// Counted and Excused are the episodes behind Dropped.
	Counted, Excused []Episode
	Count            Count
	Summary          string
	Notes            []string
	Facts            Facts
}

// Judge says whether a fan is failing, or failing now and then. Live readings,
// memory and log are judged side by side: what one cannot say never hides what
// another says.
func Judge(p Poll, pol Policy, m Memory) Verdict {
	p = p.Dark(m)
	d := judgeDrops(m, pol, p.Now)
	return Verdict{
		Live: judgeLive(p, pol, m), Dropped: d.findings, Standing: judgeStanding(p, d), Hardware: judgeHardware(m), Unread: slices.Concat(judgeGaps(p, pol, m), leftOut(p)),
		Counted: d.counted, Excused: d.excused, Count: count(p, pol, m),
		Summary: summary(p, pol, m, d), Notes: notes(p, pol, m), Facts: factsOf(p, pol, m, d),
	}
}

// Findings are all of them.
func (v Verdict) Findings() []Finding {
	return slices.Concat(v.Live, v.Dropped, v.Standing, v.Hardware, v.Unread)
}
