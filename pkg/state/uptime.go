package state

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Uptime is how long this machine runs since the start that boot names: a clock
// that nobody sets, and that tells when the other one was. Linux counts it
// through a suspend, proc(5). An error means that it cannot be told.
func Uptime() (up time.Duration, boot string, err error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return 0, "", fmt.Errorf("boot id: %w", err)
	}
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, "", fmt.Errorf("uptime: %w", err)
	}
	first, _, _ := strings.Cut(string(text), " ")
	s, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, "", fmt.Errorf("uptime: expected seconds in /proc/uptime: %w", err)
	}
	return time.Duration(s * float64(time.Second)), strings.TrimSpace(string(id)), nil
}
