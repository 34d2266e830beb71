// Command simsite runs the machine room of the demo, for those who try the
// plugins by hand: three nodes of Proxmox VE with Ceph and guests, and the
// management controller of the last one.
//
//	simsite --dir site --control 127.0.0.1:4441 &
//	check_serviceable --extra-opts=@site/noout.ini --node pve3
//	curl -d '' '127.0.0.1:4441/ceph/set?flag=noout'
//
// It makes the directory and writes what an operator has: noout.ini with a
// section for every plugin, credentials, certificates. When it is ready it
// prints one line of words KEY=VALUE: settings, nodes, bmc, control. It stops after
// --for, on SIGTERM and SIGINT, and with --stdin when its standard input ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/test/story"
)

func main() {
	story.StandIn()
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simsite:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	dir, control string
	last         time.Duration
	stdin        bool
}

func parse(args []string, help io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("simsite", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.dir, "dir", "site", "directory to make, for what an operator has")
	f.StringVar(&o.control, "control", "", "loopback address to be steered by: POST /off?node=pve3, /ceph/set?flag=noout, /bmc/drop?fan=3")
	f.DurationVar(&o.last, "for", 10*time.Minute, "stop after that")
	f.BoolVar(&o.stdin, "stdin", false, "stop when standard input ends")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(help)
		f.PrintDefaults()
	}
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("unexpected %q", f.Args())
	}
	return o, err
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.last)
	defer cancel()
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("--dir: %w: remove it, or name another", err)
	}
	w, err := story.Site(dir)
	if err != nil {
		return err
	}
	defer w.Close()
	words := []string{"settings=" + w.Settings(), "nodes=" + w.Nodes(), "bmc=" + w.Room.BMC.Host}
	if o.control != "" {
		control, end, err := listen(o.control, steer(w))
		if err != nil {
			return fmt.Errorf("--control: %w", err)
		}
		defer end()
		words = append(words, "control="+control)
	}
	if _, err := fmt.Fprintln(stdout, strings.Join(words, " ")); err != nil {
		return err
	}
	if o.stdin {
		go func() {
			defer cancel()
			// However it ends, it has ended.
			_, _ = io.Copy(io.Discard, stdin)
		}()
	}
	<-ctx.Done()
	return nil
}

// steer lets happen what is posted: /off?node=pve3 is what the room calls
// "off?node=pve3", /ceph/set?flag=noout "ceph set?flag=noout".
func steer(w *story.World) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		line := strings.Replace(strings.TrimPrefix(r.URL.Path, "/"), "/", " ", 1)
		if r.URL.RawQuery != "" {
			line += "?" + r.URL.RawQuery
		}
		if r.Method != http.MethodPost {
			http.Error(rw, "POST what is to happen", http.StatusMethodNotAllowed)
			return
		}
		if err := w.Room.Do(line); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		// Whoever has left does not wait for it.
		_, _ = fmt.Fprintln(rw, line)
	})
}

// listen serves the control on a loopback address.
func listen(where string, h http.Handler) (url string, end func(), err error) {
	host, _, err := net.SplitHostPort(where)
	if err != nil {
		return "", nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", nil, fmt.Errorf("%s is no loopback address", host)
	}
	l, err := net.Listen("tcp", where)
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	return "http://" + l.Addr().String(), func() {
		if err := errors.Join(server.Close(), <-done); err != nil && !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "simsite: control:", err)
		}
	}, nil
}
