package maintenance

import (
	"strings"

	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

const fansQuiet question = "the fans are quiet"

// quiet: the repair helped.
func quiet(f fans.Report) Condition {
	see := say("see check_fans")
	since, turning := phrase.Time(f.Since), phrase.Count(f.Turning, "fan turns", "fans turn")
	switch {
	case len(f.Failing) > 0:
		return fansQuiet.fails(phrase.List(f.Failing, phrase.Few)+" failing", see)
	case len(f.Drops) > 0:
		return fansQuiet.fails("dropped out since "+since+": "+phrase.List(f.Often(f.Drops), phrase.Few), say("the repair did not help, see check_fans"))
	case f.Off:
		return fansQuiet.unknown("the management controller says that the server is off", say("is it the controller of this node?"))
	case len(f.Blind) > 0:
		return fansQuiet.unknown(phrase.List(f.Blind, 2), see)
	case f.Turning == 0:
		return fansQuiet.unknown("the management controller lists no fan that turns", see)
	case len(f.Left) > 0:
		return fansQuiet.reserved("quiet since "+since+", but dropped out before: "+phrase.List(f.Often(f.Left), phrase.Few), say("check_fans counts that until it is acknowledged"))
	case len(f.Unsure) > 0:
		return fansQuiet.reserved(phrase.List(f.Unsure, 2), see)
	}
	told := []string{turning}
	switch {
	case f.Excused > 0:
		told = append(told, phrase.Count(f.Excused, "drop-out", "drop-outs")+" around the start of the server not counted")
	case f.Undated == 0: // else nobody knows
		told = append(told, "no drop-out since "+since)
	}
	if f.Undated > 0 {
		told = append(told, phrase.Count(f.Undated, "entry", "entries")+" about fans without a usable time in the log not counted")
	}
	return fansQuiet.holds(strings.Join(told, ", "))
}
