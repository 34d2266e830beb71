package state

import (
	"os/exec"
	"testing"
)

// TestDead: a process is dead when it has ended, or another has its number, or the
// machine was started since; one that runs is not.
func TestDead(t *testing.T) {
	self, err := Self()
	if err != nil || self.Dead() {
		t.Fatalf("%+v is dead: %v", self, err)
	}
	other, rebooted := self, self
	other.Start += "1"
	rebooted.Boot = "another"
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start, err := startOf(cmd.Process.Pid)
	child := Process{PID: cmd.Process.Pid, Start: start, Boot: self.Boot}
	if err != nil || child.Dead() {
		t.Errorf("%+v runs: %v", child, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it was not killed")
	}
	for name, p := range map[string]Process{"its number is another's": other, "the machine was started since": rebooted, "killed": child} {
		if !p.Dead() {
			t.Errorf("%s: %+v lives", name, p)
		}
	}
}
