// Demo shows the story: each command, its output, its exit code, and why.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/noout-monitoring/noout/test/story"
	"github.com/noout-monitoring/noout/test/story/room"
)

func main() {
	story.StandIn()
	bin := flag.String("bin", "bin", "folder with the built plugins")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), story.Limit)
	defer cancel()
	var err error
	if story.Walking() {
		err = demo(ctx, *bin)
	} else {
		err = story.Again(ctx, os.Stdout, os.Args[1:]...)
	}
	var said *exec.ExitError
	if err != nil && !errors.As(err, &said) {
		fmt.Fprintln(os.Stderr, "demo:", err)
	}
	if err != nil {
		os.Exit(1)
	}
}

func demo(ctx context.Context, bin string) (err error) {
	dir, err := os.MkdirTemp("", "noout-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := story.Open(bin, dir)
	if err != nil {
		return err
	}
	defer w.Close()
	if w.Refused != "" {
		fmt.Printf("Left out: the guests, who cannot be pinged here: %s\n\n", w.Refused)
	}
	wrong := 0
	for i, s := range w.Steps() {
		fmt.Printf("%2d. %s\n", i+1, s.Happens)
		o, err := w.Run(ctx, s)
		if err != nil {
			return err
		}
		fmt.Printf("    $ %s\n", o.Command)
		fmt.Print(indent(o.Output))
		fmt.Printf("    exit code %d\n    why: %s\n", o.Exit, s.Why)
		if s.Blackout != 0 {
			fmt.Printf("    the guest itself: silent for %d ms, %d ms between two answers\n", room.Blackout.Milliseconds(), o.Silence.AtMost.Milliseconds())
		}
		if err := s.Wrong(o); err != nil {
			wrong++
			fmt.Printf("    NOT AS IT SHOULD BE: %v\n", err)
		}
		fmt.Println()
	}
	if wrong > 0 {
		return fmt.Errorf("%d answers were not as they should be", wrong)
	}
	return nil
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ") + "\n"
}
