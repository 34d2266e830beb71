//go:build real

package ipmi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
	"github.com/noout-monitoring/noout/pkg/secret"
)

const (
	userName, userPassword   = "monitor", "monpw-0123456789" // USER privilege
	adminName, adminPassword = "admin", "adminpw"

	// maxDeaths is how often ipmi_sim may die and be started again: release
	// 2.0.33 does now and then, for reasons of its own.
	maxDeaths = 3
)

// sim is a running ipmi_sim.
type sim struct {
	dir     string
	port    int
	console net.Conn
	vm      int // port of the system interface for a virtual machine
	deaths  atomic.Int32
}

const lanConfig = `name "fansim"
set_working_mc 0x20
  chassis_control "%[1]s/chassis %[1]s 0x20"
  %[2]s
  startlan 1
    addr 127.0.0.1 %[3]d
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid 78563412bc9af04d8102030405060708
  endlan
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "admin" "adminpw" admin 10 none md2 md5 straight
  user 3 true "monitor" "monpw-0123456789" user 10 none md2 md5 straight
console 127.0.0.1 %[4]d
`

// chassisProgram answers ipmi_sim's questions about the host's power.
const chassisProgram = `#!/bin/sh
dir=$1
op=$3
shift 3
case $op in
get) for p in "$@"; do
	case $p in
	power) echo "power:$(cat "$dir/power")" ;;
	*) echo "$p:0" ;;
	esac
done ;;
set) while [ $# -gt 1 ]; do
	[ "$1" = power ] && echo "$2" >"$dir/power"
	shift 2
done ;;
esac
`

// withSim runs body against an ipmi_sim of its own. When the simulator died
// meanwhile, its sensors are at their beginning again and body is run anew.
func withSim(t *testing.T, body func(s *sim) error) {
	t.Helper()
	for range maxDeaths {
		s, stop := startSim(t, "")
		err := body(s)
		died := s.deaths.Load() > 0
		stop()
		switch {
		case err == nil:
			return
		case !died:
			t.Fatal(err)
		}
		t.Logf("ipmi_sim died, once more: %v", err)
	}
	t.Fatalf("ipmi_sim died in each of %d runs", maxDeaths)
}

// startSim starts ipmi_sim and keeps it running until stop is called. extra is
// a line for its controller's configuration.
func startSim(t *testing.T, extra string) (*sim, func()) {
	t.Helper()
	s := &sim{dir: t.TempDir(), port: freePort(t, "udp")}
	consolePort := freePort(t, "tcp")
	files := map[string]string{
		"lan.conf":  fmt.Sprintf(lanConfig, s.dir, extra, s.port, consolePort),
		"world.emu": world(),
		"power":     "1\n",
		"chassis":   chassisProgram,
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// FreeIPMI wants its cache directory to be there.
	if err := os.Mkdir(filepath.Join(s.dir, "cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(ctx)
	}()
	stop := func() {
		if s.console != nil {
			s.console.Close()
		}
		cancel()
		<-done
	}
	if err := s.connect(consolePort); err != nil {
		stop()
		out, _ := os.ReadFile(filepath.Join(s.dir, "out"))
		t.Fatalf("ipmi_sim does not start: %v\n%s", err, out)
	}
	return s, stop
}

// run starts ipmi_sim as often as it dies, within bounds.
func (s *sim) run(ctx context.Context) {
	for range maxDeaths {
		os.RemoveAll(filepath.Join(s.dir, "state"))
		os.Mkdir(filepath.Join(s.dir, "state"), 0o700)
		out, err := os.OpenFile(filepath.Join(s.dir, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		cmd := exec.CommandContext(ctx, "ipmi_sim", "-n", "-c", filepath.Join(s.dir, "lan.conf"),
			"-f", filepath.Join(s.dir, "world.emu"), "-s", filepath.Join(s.dir, "state"))
		cmd.Stdout, cmd.Stderr = out, out
		cmd.Run() // however it ends: it ought not to
		out.Close()
		if ctx.Err() != nil {
			return
		}
		s.deaths.Add(1)
	}
}

// connect waits for the console, which is there when the rest is.
func (s *sim) connect(port int) error {
	var err error
	for range 100 {
		if s.console, err = net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_, err = s.prompt()
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// prompt reads the console up to its next prompt.
func (s *sim) prompt() (string, error) {
	var all []byte
	buffer := make([]byte, 4096)
	s.console.SetReadDeadline(time.Now().Add(5 * time.Second))
	for !bytes.HasSuffix(all, []byte("> ")) {
		n, err := s.console.Read(buffer)
		if err != nil {
			return string(all), fmt.Errorf("console: %w after %q", err, all)
		}
		all = append(all, buffer[:n]...)
	}
	return string(all), nil
}

// set gives commands to the console.
func (s *sim) set(commands ...string) error {
	for _, command := range commands {
		if _, err := fmt.Fprintln(s.console, command); err != nil {
			return err
		}
		if out, err := s.prompt(); err != nil || strings.Contains(out, "**") {
			return fmt.Errorf("%q: %w, %q", command, errors.Join(err, errors.New("console")), out)
		}
	}
	return nil
}

func freePort(t *testing.T, network string) int {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// source is our client with the USER account.
func (s *sim) source(port int) (bmc.Source, error) {
	return ipmi.LAN(ipmi.Endpoint{Host: "127.0.0.1", Credentials: secret.Credentials{
		Username: userName, Password: secret.NewText(userPassword),
	}}, ipmi.Options{Port: port})
}

// poll reads everything with our client.
func (s *sim) poll(memory bmc.Memory, known ...string) (bmc.Server, error) {
	source, err := s.source(s.port)
	if err != nil {
		return bmc.Server{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	server, err := source.Poll(ctx, bmc.Ask{Memory: memory, Known: known, Logs: true})
	if err == nil && len(server.Gaps) > 0 {
		err = fmt.Errorf("gaps: %v", server.Gaps)
	}
	return server, err
}
