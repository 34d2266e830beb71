// Demo shows the story: each command, its output, its exit code, and why.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/noout-monitoring/noout/test/story"
)

func main() {
	story.Ceph()
	bin := flag.String("bin", "bin", "folder with the built plugins")
	flag.Parse()
	if err := demo(*bin); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(bin string) (err error) {
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
	ctx, cancel := context.WithTimeout(context.Background(), story.Limit)
	defer cancel()
	wrong := 0
	for i, s := range story.Steps() {
		fmt.Printf("%2d. %s\n", i+1, s.Happens)
		o, err := w.Run(ctx, s)
		if err != nil {
			return err
		}
		fmt.Printf("    $ %s\n", o.Command)
		fmt.Print(indent(o.Output))
		fmt.Printf("    exit code %d\n    why: %s\n", o.Exit, s.Why)
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
