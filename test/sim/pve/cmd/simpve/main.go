// Command simpve runs a simulated Proxmox VE cluster.
//
//	simpve --cluster lab --control 127.0.0.1:0 --ca-file ca.pem --auth-file auth.ini
//
// When it is ready it prints one line of words KEY=VALUE: nodes (addresses as
// -H takes them), one word for each node with its address, control, ca, auth,
// fingerprint. It stops after --for, on SIGTERM and SIGINT, by POST /stop, and
// with --stdin when its standard input ends.
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
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simpve:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	cluster, release, listen, clock string
	script, control, ca, auth       string
	delay, last                     time.Duration
	stdin                           bool
}

func parse(args []string, help io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("simpve", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.cluster, "cluster", "lab", "lab, plain, two, qdevice, lms, four, five or single")
	f.StringVar(&o.release, "release", "", "release of Proxmox VE, default 9.2.11")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "address of the first node; the others take the ports after it, or any")
	f.StringVar(&o.clock, "clock", "", "true time at the start (RFC 3339); it stands still but for /advance")
	f.StringVar(&o.script, "script", "", "file with what happens at the start")
	f.StringVar(&o.control, "control", "", "loopback address to be steered by")
	f.StringVar(&o.ca, "ca-file", "", "where to write the authority's certificate")
	f.StringVar(&o.auth, "auth-file", "", "where to write a credentials file with the token")
	f.DurationVar(&o.delay, "denied-delay", 3*time.Second, "how long a refused token waits")
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

// config is the cluster that was asked for.
func (o options) config() (pve.Config, error) {
	preset := pve.Presets[o.cluster]
	if preset == nil {
		return pve.Config{}, fmt.Errorf("--cluster: there is no %q", o.cluster)
	}
	c := preset()
	c.Release, c.Listen, c.DeniedDelay, c.Clock = o.release, o.listen, o.delay, world.Running()
	if o.clock != "" {
		start, err := time.Parse(time.RFC3339, o.clock)
		if err != nil {
			return c, fmt.Errorf("--clock: %w", err)
		}
		c.Clock = world.Still(start)
	}
	return c, nil
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := o.config()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.last)
	defer cancel()
	sim, err := pve.Run(c)
	if err != nil {
		return err
	}
	defer sim.Close()
	words, err := o.files(sim)
	if err != nil {
		return err
	}
	if o.control != "" {
		control, end, err := listen(o.control, sim.Control(cancel))
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

// files plays the script, writes what a client needs, and names it all.
func (o options) files(sim *pve.Sim) ([]string, error) {
	if o.script != "" {
		text, err := os.ReadFile(o.script)
		if err == nil {
			err = sim.Script(string(text))
		}
		if err != nil {
			return nil, fmt.Errorf("--script: %w", err)
		}
	}
	words := []string{"nodes=" + sim.Addresses()}
	for _, n := range sim.Nodes() {
		words = append(words, n+"="+sim.Address(n))
	}
	if o.ca != "" {
		if err := os.WriteFile(o.ca, sim.CA(), 0o644); err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
		words = append(words, "ca="+o.ca)
	}
	if o.auth != "" {
		if err := os.WriteFile(o.auth, []byte("[*]\ntoken = "+pve.Token+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("--auth-file: %w", err)
		}
		words = append(words, "auth="+o.auth)
	}
	return append(slices.Clip(words), "fingerprint="+sim.Fingerprint()), nil
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
			fmt.Fprintln(os.Stderr, "simpve: control:", err)
		}
	}, nil
}
