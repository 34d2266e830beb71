package story

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

func TestMain(m *testing.M) {
	Ceph()
	os.Exit(m.Run())
}

// TestStory walks through the whole story with freshly built binaries.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("the story waits for fans in real time; run without -short")
	}
	bin := t.TempDir()
	args := []string{"build", "-o", bin}
	for _, p := range Plugins() {
		args = append(args, "../../plugins/"+p)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	w, err := Open(bin, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	if n := len(Steps()); n < 40 {
		t.Errorf("the story has %d points", n)
	}
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
