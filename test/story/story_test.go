package story

import (
	"context"
	"os/exec"
	"testing"
)

// TestStory walks through the whole story with freshly built binaries.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("the story waits for fans in real time; run without -short")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../../plugins/...").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	w, err := Open(bin, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	for _, s := range Steps() {
		o, err := w.Run(ctx, s)
		if err == nil {
			err = s.Wrong(o)
		}
		if err != nil {
			t.Errorf("%s\n%s\n%v", s.Happens, o.Command, err)
		}
	}
}
