package check

import (
	"fmt"
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
	long := append(r.long(verbose), complaints...)
	head := r.headline()
	first := func(text, data string) string {
		if data != "" {
			text += " | " + data
		}
		return r.Policy.firstLine(r.worst(), text) + "\n"
	}
	text := head.within(limit - len(first("", "")))
	kept := len(data)
	for kept > 0 && len(first(text, strings.Join(data[:kept], " "))) > limit {
		kept--
	}
	answer := first(text, strings.Join(data[:kept], " "))
	if left := len(data) - kept; left > 0 {
		// said first, so that it is not the first to go
		long = append([]string{fmt.Sprintf("%d items of performance data do not fit", left)}, long...)
	}
	return answer + fit(long, limit-len(answer))
}

// fit joins as many lines as have room, and says how many are left out if that
// has room.
func fit(lines []string, room int) string {
	whole := strings.Join(lines, "\n")
	if len(lines) == 0 {
		return ""
	}
	if len(whole)+1 <= room {
		return whole + "\n"
	}
	var b strings.Builder
	for i, line := range lines {
		more := fmt.Sprintf("... %d more\n", len(lines)-i)
		next := fmt.Sprintf("... %d more\n", len(lines)-i-1)
		if b.Len()+len(line)+1+len(next) > room {
			if b.Len()+len(more) <= room {
				b.WriteString(more)
			}
			break
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// long are the lines after the first. Each finding carries its status in
// brackets, so that nothing a device says can pass for a verdict of ours.
func (r Result) long(verbose int) []string {
	var lines []string
	for _, f := range r.Findings {
		if f.Status == OK && verbose < 1 {
			continue
		}
		lines = append(lines, fmt.Sprintf("[%s] %s", f.Status, Text(f.Text)))
		lines = append(lines, details(verbose, f.Evidence, f.Raw)...)
	}
	return append(lines, details(verbose, r.Evidence, r.Raw)...)
}

// details are the lines below a finding: evidence with -vv, raw values with -vvv.
func details(verbose int, evidence, raw []string) []string {
	var lines []string
	if verbose >= 2 {
		for _, text := range evidence {
			lines = append(lines, "  - "+clean(text, maxRaw, asText))
		}
	}
	if verbose >= 3 {
		for _, text := range raw {
			lines = append(lines, "    = "+clean(text, maxRaw, asText))
		}
	}
	return lines
}
