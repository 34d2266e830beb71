package main

import (
	"os"
	"strings"
)

// progress shows lines to whoever sits before a terminal, each in the place of
// the last, and returns how to end it. Nobody else sees anything: the answer of
// a plugin is one, and goes where the monitoring host reads.
func progress() (show func(string), done func()) {
	nothing := func(string) {}
	if info, err := os.Stat("/proc/self/fd/1"); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nothing, func() {}
	}
	terminal, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		return nothing, func() {}
	}
	// What cannot be shown is not missed, here and below.
	line := func(text string) { _, _ = terminal.WriteString("\r\x1b[K" + strings.Map(visible, text)) }
	return line, func() {
		line("")
		_ = terminal.Close()
	}
}

// visible drops what a name could do to a terminal.
func visible(r rune) rune {
	if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
		return -1
	}
	return r
}
