package check

import (
	"fmt"
	"slices"
	"strings"
)

// Sizes of an answer in bytes. Nagios Core reads 4096 at a time and may lose
// what is beyond when the plugin has already ended (nagioscore issue 625);
// version 2 packets of NRPE hold 1024.
const (
	sizeOfAnswer = 4096
	leastSize    = 256
	unlimited    = 1 << 30
)

// nagios renders a result for Nagios and those that read the same: the first
// line with performance data, then one line per finding.
func (r Result) nagios(verbose, limit int) string {
	r = r.judged()
	data, complaints := items(r.Perfdata)
	frame := len(r.worst().line(""))
	text := r.headline().within(min(limit-len("\n"), firstLine) - frame)
	frame += len("\n")
	long := append(r.long(verbose, text), complaints...)
	room := limit - frame - len(text) - len(" | ")
	kept := whole(data, room)
	if kept < len(data) {
		// said in the first of the long lines, so that it is the last to go, even
		// at the cost of some items
		if notice := len(missing(len(data)) + "\n" + more(len(long))); notice < room {
			kept = whole(data, room-notice)
		}
		long = append([]string{missing(len(data) - kept)}, long...)
	}
	if kept > 0 {
		text += " | " + strings.Join(data[:kept], " ")
	}
	answer := r.worst().line(text) + "\n"
	return answer + fit(long, limit-len(answer))
}

func missing(items int) string {
	return fmt.Sprintf("%d items of performance data do not fit", items)
}

func more(lines int) string { return fmt.Sprintf("... %d more\n", lines) }

// whole is how many items fit into room with blanks between them.
func whole(items []string, room int) int {
	for i, item := range items {
		room -= len(item)
		if i > 0 {
			room--
		}
		if room < 0 {
			return i
		}
	}
	return len(items)
}

// fit joins as many lines as have room, and says how many are left out if that
// has room.
func fit(lines []string, room int) string {
	if len(lines) == 0 {
		return ""
	}
	if whole(lines, room-len("\n")) == len(lines) {
		return strings.Join(lines, "\n") + "\n"
	}
	var b strings.Builder
	for i, line := range lines {
		if b.Len()+len(line)+len("\n")+len(more(len(lines)-i-1)) > room {
			if left := more(len(lines) - i); b.Len()+len(left) <= room {
				b.WriteString(left)
			}
			break
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// long are the lines after the first. Each finding carries its status in
// brackets, so that nothing a device says can pass for a verdict of ours. A
// single one that stands in the first line is not said again, what to do about
// it is; notes that had no room there follow.
func (r Result) long(verbose int, first string) []string {
	shown := r.Findings
	if verbose < 1 {
		shown = slices.DeleteFunc(slices.Clone(shown), func(f Finding) bool { return f.Status == OK })
	}
	var lines []string
	told := map[string]bool{}
	for _, f := range shown {
		if text := Text(f.Text); verbose > 0 || len(shown) > 1 || !strings.Contains(first, text) {
			lines = append(lines, fmt.Sprintf("[%s] %s", f.Status, text))
		}
		if steps := next(f.Next); steps != "" && !told[steps] { // one remedy for several is said once
			told[steps] = true
			lines = append(lines, strings.Split(steps, "\n")...)
		}
		lines = append(lines, details(verbose, f.Evidence, f.Raw)...)
	}
	for _, n := range r.Notes {
		if n = Text(n); !strings.Contains(first, n) {
			lines = append(lines, "("+n+")")
		}
	}
	return append(lines, details(verbose, r.Evidence, r.Raw)...)
}

// next are the lines with what to do.
func next(steps []string) string {
	lines := make([]string, len(steps))
	for i, s := range steps {
		lines[i] = "  " + Text(s)
	}
	return strings.Join(lines, "\n")
}

// details are the lines below a finding: evidence with -vv, raw values with -vvv.
func details(verbose int, evidence, raw []string) []string {
	var lines []string
	if verbose >= 2 {
		for _, text := range evidence {
			lines = append(lines, "  - "+clean(text, maxRaw, asAsked))
		}
	}
	if verbose >= 3 {
		for _, text := range raw {
			lines = append(lines, "    = "+clean(text, maxRaw, asAsked))
		}
	}
	return lines
}
