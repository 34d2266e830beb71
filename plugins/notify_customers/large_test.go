package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// mostMemory of a run with five thousand customers, in KiB.
const mostMemory = 64 << 10

// TestFiveThousand: a dry run for five thousand customers, of whom a node that
// fails takes five hundred.
func TestFiveThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("memory of five thousand customers, of which the race detector takes several times: run without -short")
	}
	dir := t.TempDir()
	var ini, lines strings.Builder
	line := func(id int, node, kind, more string) {
		guest := fmt.Sprintf(`{"id":%d,"type":"vm","name":"customer-%05d-web","pool":"c%d"}`, id, id, (id-100)%5000)
		minute := map[string]int{"guest_listed": 0, "guest_silent": 10}[kind]
		fmt.Fprintf(&lines, `{"v":1,"id":"%s%d","at":"2026-11-28T02:%02d:00Z","seen":"2026-11-28T02:%02d:00Z","by":"check_guests","cluster":"lab","node":"%s","guest":%s,"kind":"%s"%s}`+"\n", kind, id, minute, minute, node, guest, kind, more)
	}
	for i := range 5000 {
		fmt.Fprintf(&ini, "[c%d]\nname = Customer %d\nlanguage = %s\ntimezone = Europe/Madrid\nmail = ops@c%d.example\nguests = pool:c%d\n", i, i, [...]string{"es", "nl", "fr", "en", "de", "pt"}[i%6], i, i)
	}
	for i := range 10000 {
		node := fmt.Sprintf("pve%d", i%10)
		line(100+i, node, "guest_listed", `,"answers":true`)
		if node == "pve3" {
			line(100+i, node, "guest_silent", `,"class":"node"`)
		}
	}
	fmt.Fprintf(&lines, `{"v":1,"id":"look","at":"2026-11-28T02:12:00Z","seen":"2026-11-28T02:12:00Z","by":"check_guests","cluster":"lab","kind":"observed","from":"2026-11-28T02:00:00Z","until":"2026-11-28T02:12:00Z","polls":12,"pause_s":60}`+"\n")
	write(t, dir+"/customers.ini", ini.String())
	if err := os.Mkdir(dir+"/journal", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/journal/2026-11.jsonl", lines.String())
	write(t, dir+"/now", "2026-11-28T02:12:00Z")
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = []string{childDir + "=" + dir, "NOTIFY_TEST_STOP=0", "NOTIFY_TEST_DRY=1"}
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(string(out), "WARNING: 500 notices would go, nothing is sent\n[WARNING] 500 notices are held") || strings.Count(string(out), "\nSubject: ") != 500 {
		t.Fatalf("%v: %.300s", err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	t.Logf("%d KiB, %s of processors", usage.Maxrss, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if usage.Maxrss > mostMemory {
		t.Errorf("%d KiB, expected at most %d", usage.Maxrss, mostMemory)
	}
}
