package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Process is one process of this machine: its number is given to another when it
// has ended, its number with its start is not, proc(5).
type Process struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // clock ticks since Boot
	Boot  string `json:"boot"`
}

// Self is the process that asks.
func Self() (Process, error) {
	_, boot, err := Uptime()
	if err != nil {
		return Process{}, err
	}
	start, err := startOf(os.Getpid())
	if err != nil {
		return Process{}, err
	}
	return Process{PID: os.Getpid(), Start: start, Boot: boot}, nil
}

// Dead says whether it is proven that the process has ended.
func (p Process) Dead() bool {
	_, boot, err := Uptime()
	if err != nil {
		return false
	}
	if boot != p.Boot {
		return true
	}
	start, err := startOf(p.PID)
	return errors.Is(err, fs.ErrNotExist) || err == nil && start != p.Start
}

// startOf is when a process started. Its name comes before, in parentheses, and may
// hold anything.
func startOf(pid int) (string, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", fmt.Errorf("start of process %d: %w", pid, err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return "", fmt.Errorf("start of process %d: /proc tells %d fields", pid, len(fields))
	}
	return fields[19], nil
}
