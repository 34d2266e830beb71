// Demo shows the story: each command, its output, its exit code, and why.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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
	if err := keep(w.Reports(), filepath.Join(bin, "reports")); err != nil {
		return err
	}
	if err := letters(w, filepath.Join(bin, "mails")); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d answers were not as they should be", wrong)
	}
	return nil
}

// keep copies the reports to where they stay, and says where that is.
func keep(from, to string) error {
	files, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no guests, no report on them
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	fmt.Println("The reports on this maintenance lie here, open the pages in a browser:")
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			return err
		}
		path := filepath.Join(to, f.Name())
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
		fmt.Println("    " + path)
	}
	return nil
}

// letters shows what the customers got, and copies it to where it stays.
func letters(w *story.World, to string) error {
	all, err := w.Letters()
	if err != nil || len(all) == 0 {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	fmt.Println("The mails that the two customers got, as they arrived in the Maildir:")
	for i, l := range all {
		text, err := os.ReadFile(l.File)
		if err != nil {
			return err
		}
		path := filepath.Join(to, fmt.Sprintf("%02d.eml", i+1))
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
		fmt.Printf("    %s  %-20s %s\n", path, l.To, l.Subject)
	}
	return nil
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ") + "\n"
}
