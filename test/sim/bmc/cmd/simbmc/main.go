// Command simbmc runs a simulated management controller with Redfish and, when
// wanted, IPMI.
//
//	simbmc --vendor dell --script story.txt --control 127.0.0.1:0
//
// When it is ready it prints one line of words KEY=VALUE: url, host (address
// and port), control (its URL or socket), ca (a file with the certificate to
// trust), fingerprint, username, ipmi (address and port). It stops after --for, on SIGTERM and SIGINT,
// by POST /stop, and with --stdin when its standard input ends.
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
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "simbmc:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	server                        bmc.Server
	ipmi                          ipmi.Config
	script, control, ca, password string
	clock                         string
	last                          time.Duration
	stdin                         bool
}

func parse(args []string, help io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("simbmc", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&o.server.Listen, "listen", "127.0.0.1:0", "address to listen on")
	f.Func("vendor", "shape of the controller (dell, hpe, lenovo, ...), default dell", func(v string) error { o.server.Vendor = bmc.Vendor(v); return nil })
	f.StringVar(&o.server.Tree, "tree", "", "serve the recorded tree in this directory")
	f.Func("expand", "$expand: off or on, default as the vendor", func(v string) error { o.server.Expand = bmc.Expand(v); return nil })
	f.Func("tls", "selfsigned, expired, wrongname, rsa, tls10 or none", func(v string) error { o.server.TLS = bmc.TLS(v); return nil })
	f.Func("auth", "sessions (no basic), basic (no sessions) or open", func(v string) error { o.server.Auth = bmc.Auth(v); return nil })
	f.IntVar(&o.server.Sessions, "sessions", 4, "sessions that may be open at once")
	f.StringVar(&o.server.Username, "username", bmc.Username, "name of the account")
	f.StringVar(&o.password, "password-file", "", "file with the password of the account, default the simulator's own")
	f.StringVar(&o.ipmi.Listen, "ipmi", "", "UDP address to serve IPMI on, such as 127.0.0.1:0; default none")
	f.Func("suite", "the only cipher suite of IPMI: 3 or 17, default both", func(v string) error {
		n, err := strconv.ParseUint(v, 10, 8)
		o.ipmi.Suites = []byte{byte(n)}
		return err
	})
	f.StringVar(&o.script, "script", "", "file with the script")
	f.StringVar(&o.control, "control", "", "address, or path of a socket, to be steered by")
	f.StringVar(&o.ca, "ca-file", "", "where to write the certificate to trust")
	f.StringVar(&o.clock, "clock", "", "true time at the start (RFC 3339); it stands still but for /advance")
	f.DurationVar(&o.last, "for", 10*time.Minute, "stop after that")
	f.BoolVar(&o.stdin, "stdin", false, "stop when standard input ends")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(help)
		f.PrintDefaults()
	}
	if err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected %q", f.Args())
	}
	return o, o.complete()
}

// complete reads what the options only name.
func (o *options) complete() error {
	if o.ipmi.Listen != "" {
		o.server.IPMI = &o.ipmi
	}
	o.server.Password = bmc.Password
	if o.password != "" {
		text, err := os.ReadFile(o.password)
		if err != nil {
			return fmt.Errorf("--password-file: %w", err)
		}
		o.server.Password = strings.TrimRight(string(text), "\r\n")
	}
	if o.clock != "" {
		start, err := time.Parse(time.RFC3339, o.clock)
		if err != nil {
			return fmt.Errorf("--clock: %w", err)
		}
		o.server.Clock = world.Still(start)
	}
	return nil
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
	sim, err := bmc.Run(o.server)
	if err != nil {
		return err
	}
	defer sim.Close()
	if o.script != "" {
		text, err := os.ReadFile(o.script)
		if err == nil {
			err = sim.Play(string(text))
		}
		if err != nil {
			return fmt.Errorf("--script: %w", err)
		}
	}
	words := []string{"url=" + sim.URL, "host=" + sim.Host}
	if sim.IPMI != "" {
		words = append(words, "ipmi="+sim.IPMI)
	}
	if o.control != "" {
		control, end, err := listen(o.control, sim.Control(cancel))
		if err != nil {
			return fmt.Errorf("--control: %w", err)
		}
		defer end()
		words = append(words, "control="+control)
	}
	if o.ca != "" {
		if err := os.WriteFile(o.ca, sim.CA(), 0o644); err != nil {
			return fmt.Errorf("--ca-file: %w", err)
		}
		words = append(words, "ca="+o.ca)
	}
	words = append(words, "fingerprint="+sim.Fingerprint(), "username="+o.server.Username)
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

// listen serves the control on a loopback address or a socket.
func listen(where string, h http.Handler) (url string, end func(), err error) {
	network := "tcp"
	if strings.Contains(where, "/") {
		network = "unix"
	} else if host, _, err := net.SplitHostPort(where); err != nil {
		return "", nil, err
	} else if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", nil, fmt.Errorf("%s is no loopback address", host)
	}
	l, err := net.Listen(network, where)
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	url = "http://" + l.Addr().String()
	if network == "unix" {
		url = where
	}
	return url, func() {
		if err := errors.Join(server.Close(), <-done); err != nil && !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "simbmc: control:", err)
		}
	}, nil
}
