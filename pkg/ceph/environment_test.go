package ceph

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEnvironment: the command sees its own settings and no password of ours.
func TestEnvironment(t *testing.T) {
	for _, name := range []string{"NOOUT_USERNAME", "NOOUT_PASSWORD", "NOOUT_TOKEN", "NOOUT_LATER"} {
		t.Setenv(name, secretWord)
	}
	t.Setenv("CEPH_ARGS", "--id own")
	seen := filepath.Join(t.TempDir(), "seen")
	if _, err := polled(t, "env >"+seen+"\n"+loop); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "NOOUT_") || strings.Contains(string(text), secretWord) {
		t.Errorf("ours is passed on:\n%s", text)
	}
	for _, want := range []string{"CEPH_ARGS=--id own\n", "PYTHONUNBUFFERED=1\n", "PATH="} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not passed on:\n%s", want, text)
		}
	}
}
