package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// report is made of tables in Markdown.
type report struct {
	starts, pairs, wires, peers, goes [][]string
	left                              []string
}

// against are a row of cells about us and the baseline, or why there is none.
func against(old command, cells ...string) []string {
	if old.unknown == "" {
		return cells
	}
	return append([]string{old.unknown}, slices.Repeat([]string{""}, len(cells)-1)...)
}

// paired adds a row about a run, and if it asks a simulator one about the wire.
func (r *report) paired(name string, old command, now, then []figures) {
	exit := fmt.Sprint(now[0].exit)
	if len(then) > 0 && then[0].exit != now[0].exit {
		exit += fmt.Sprintf(", was %d", then[0].exit)
	}
	row := []string{name, middle(now, cpu, 1), middle(now, faults, 0), middle(now, peak, 1), exit}
	r.pairs = append(r.pairs, append(row, against(old, ratio(now, then, cpu), ratio(now, then, wall), ratio(now, then, faults), ratio(now, then, peak))...))
	n := usual(now)
	if n.Connections == 0 {
		return
	}
	was := make([]string, 3)
	if len(then) > 0 {
		o := usual(then)
		was = []string{fmt.Sprint(o.Full), fmt.Sprint(o.Sent), fmt.Sprint(o.Received)}
	}
	wire := []string{name, fmt.Sprint(n.Connections), fmt.Sprint(n.Full), fmt.Sprint(n.Resumed), fmt.Sprint(n.Sent), fmt.Sprint(n.Received), middle(now, server, 1)}
	r.wires = append(r.wires, append(wire, against(old, append(was, ratio(now, then, server))...)...))
}

// beside adds a row about us and another program.
func (r *report) beside(name, other string, ours, theirs []figures) {
	if len(ours) == 0 || len(theirs) == 0 {
		return
	}
	if code := theirs[0].exit; code != 0 {
		r.leave(other, fmt.Sprintf("ends with %d", code))
		return
	}
	r.peers = append(r.peers, []string{name, other, middle(ours, cpu, 1), middle(theirs, cpu, 1), ratio(ours, theirs, cpu), ratio(ours, theirs, wall), middle(ours, peak, 1), middle(theirs, peak, 1)})
}

// leave says what is not measured, and why.
func (r *report) leave(name, why string) { r.left = append(r.left, name+": "+why) }

func (s *session) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What a run costs\n\nWritten by `make bench`. Whole processes, as the operating system accounts them; all of a row ran in turn, %d\nrounds. Figures are medians; ratios are medians of the rounds' ratios, with their middle half (quartiles). The\nmachine is shared: ratios hold where figures do not.\n\n%s, %s, %s/%s.", s.runs, processors(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if s.rev != "" {
		fmt.Fprintf(&b, " ×: ratio to %s, or to the other\nprogram; was: what it was there.", s.rev)
	}
	b.WriteString("\n")
	b.WriteString(s.table(s.starts, 4, "Start and end (`-V`)", "plugin", "MB", "CPU / hello", "page faults", "MB was", "CPU / hello was", "CPU ×", "page faults ×"))
	b.WriteString(s.table(s.pairs, 5, "Runs", "run", "CPU ms", "page faults", "peak MiB", "exit", "CPU ×", "time ×", "page faults ×", "peak ×"))
	b.WriteString(s.table(s.wires, 7, "On the wire", "run", "connections", "full handshakes", "resumed", "bytes sent", "bytes received", "simulator's CPU ms", "full was", "sent was", "received was", "simulator's CPU ×"))
	b.WriteString(s.table(s.peers, 8, "Beside others", "run", "other", "CPU ms", "its", "CPU ×", "time ×", "peak MiB", "its"))
	b.WriteString(s.rest())
	if len(s.left) > 0 {
		b.WriteString("\nNot measured:\n\n")
		for _, l := range s.left {
			b.WriteString("- " + l + "\n")
		}
	}
	return b.String()
}

// table writes a table, of which only our own columns where there is no baseline.
func (s *session) table(rows [][]string, own int, title string, head ...string) string {
	if len(rows) == 0 {
		return ""
	}
	if s.rev == "" {
		head = head[:own]
	}
	return s.tableOf(rows, title, head...)
}

func (s *session) tableOf(rows [][]string, title string, head ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| %s |\n|%s\n", title, strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r[:len(head)], " | "))
	}
	return b.String()
}

// processors are how many there are, of what kind.
func processors() string {
	kind := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`(?m)^model name\s*: (.+)$`).FindSubmatch(info); m != nil {
			kind = string(m[1])
		}
	}
	return fmt.Sprintf("%d processors (%s)", runtime.NumCPU(), kind)
}
