package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// scenario is the variable that makes of the test binary a plugin.
const scenario = "CHECK_TEST_SCENARIO"

func TestMain(m *testing.M) {
	if name := os.Getenv(scenario); name != "" {
		Main(Plugin{Name: "check_sample", Summary: "a plugin for tests", Check: scenarios[name]})
	}
	os.Exit(m.Run())
}

// scenarios are what a plugin may do in a process of its own.
var scenarios = map[string]func(context.Context) (Result, error){
	"well": func(context.Context) (Result, error) { return well, nil },
	"bad": func(context.Context) (Result, error) {
		return Result{Findings: []Finding{{Status: CRITICAL, Text: "fan 1 stands"}}}, nil
	},
	"chatty": func(context.Context) (Result, error) {
		log.Print("noise")
		slog.Error("noise")
		return Result{Findings: []Finding{{Text: "well"}}, Summary: strings.Repeat("x", 500), Evidence: make([]string, 2000)}, nil
	},
	"panic": func(context.Context) (Result, error) {
		var fans []int
		return Result{Summary: fmt.Sprint(fans[len(os.Args)])}, nil
	},
	"stuck": func(context.Context) (Result, error) { select {} },
	"session": func(ctx context.Context) (Result, error) {
		file := os.Getenv("CHECK_TEST_SESSION")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			return Result{}, err
		}
		<-ctx.Done()
		return well, os.Remove(file)
	},
	"child": func(ctx context.Context) (Result, error) {
		// Is SIGPIPE ignored in a program that a source starts? Other signals may
		// be, by whoever started the test.
		out, err := exec.CommandContext(ctx, "grep", "SigIgn", "/proc/self/status").Output()
		var mask uint64
		if _, scan := fmt.Sscanf(string(out), "SigIgn: %x", &mask); scan != nil {
			err = errors.Join(err, scan)
		}
		ignored := mask&(1<<(uint(syscall.SIGPIPE)-1)) != 0
		return Result{Findings: []Finding{{Text: fmt.Sprintf("SIGPIPE ignored %t", ignored)}}}, err
	},
}

// plugin is a process that runs a scenario.
func plugin(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if scenarios[name] == nil {
		t.Fatalf("there is no scenario %q", name)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), scenario+"="+name)
	return cmd
}

// finish waits for a process and checks that it was silent.
func finish(t *testing.T, cmd *exec.Cmd, stderr *bytes.Buffer) (code int) {
	t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("written to standard error: %s", stderr)
	}
	return cmd.ProcessState.ExitCode()
}

func TestProcess(t *testing.T) {
	tests := []struct {
		scenario string
		args     []string
		code     int
		want     string // in front of the answer
	}{
		{"well", nil, 0, "OK: well\n"},
		{"bad", nil, 2, "CRITICAL: fan 1 stands\n"},
		{"well", []string{"-h"}, 3, "check_sample: a plugin for tests\n"},
		{"well", []string{"-V"}, 3, "check_sample "},
		{"well", []string{"--window"}, 3, "UNKNOWN: unknown option --window"},
		{"chatty", []string{"-vv"}, 0, "OK: xxx"},
		{"panic", nil, 3, "UNKNOWN: panic: runtime error: index out of range [1] with length 0 at check/main_test.go:"},
		{"stuck", []string{"-t", "1.1"}, 3, "UNKNOWN: no answer within 1."},
		{"stuck", []string{"-t", "1.1", "--timeout-state", "critical"}, 2, "CRITICAL: no answer within 1."},
		{"child", nil, 0, "OK: SIGPIPE ignored false\n"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.scenario, test.args), func(t *testing.T) {
			t.Parallel()
			cmd := plugin(t, test.scenario, test.args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			pieces := inPieces(t, cmd)
			if code := finish(t, cmd, &stderr); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			all := <-pieces
			if len(all) != 1 || !strings.HasPrefix(all[0], test.want) || len(all[0]) > sizeOfAnswer {
				t.Errorf("want one write of %q, got %q", test.want, all)
			}
		})
	}
}

// inPieces starts cmd with a socket for its output that keeps writes apart.
func inPieces(t *testing.T, cmd *exec.Cmd) <-chan []string {
	t.Helper()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	cmd.Stdout = theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	pieces := make(chan []string, 1)
	go func() {
		defer ours.Close()
		var all []string
		for {
			buffer := make([]byte, 1<<17)
			n, err := ours.Read(buffer)
			if n == 0 || err != nil {
				pieces <- all
				return
			}
			all = append(all, string(buffer[:n]))
		}
	}()
	return pieces
}

func TestSignals(t *testing.T) {
	for sig, name := range map[syscall.Signal]string{
		syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT", syscall.SIGHUP: "SIGHUP", syscall.SIGQUIT: "SIGQUIT",
	} {
		t.Run(name, func(t *testing.T) {
			// Under nohup, or in the background of a shell, these tests inherit
			// ignored signals; what they handle themselves a child gets as new.
			handled := make(chan os.Signal, 1)
			signal.Notify(handled, sig)
			defer signal.Stop(handled)
			testSignals(t, plugin(t, "session"), "stopped by "+name, sig)
		})
	}
}

// A plugin started by nohup goes on when its terminal is closed.
func TestIgnoredSignal(t *testing.T) {
	cmd := plugin(t, "session")
	cmd.Args = []string{"sh", "-c", `trap "" HUP; exec "$0"`, cmd.Path}
	cmd.Path = "/bin/sh"
	testSignals(t, cmd, "stopped by SIGTERM", syscall.SIGHUP, syscall.SIGTERM)
}

// testSignals sends signals to a plugin that has a session open.
func testSignals(t *testing.T, cmd *exec.Cmd, want string, signals ...os.Signal) {
	t.Helper()
	session := filepath.Join(t.TempDir(), "session")
	cmd.Env = append(cmd.Env, "CHECK_TEST_SESSION="+session)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for there := false; !there; { // ended by the limit of go test
		time.Sleep(time.Millisecond)
		_, err := os.Stat(session)
		there = err == nil
	}
	for _, sig := range signals {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	code := finish(t, cmd, &stderr)
	if code != 3 || !strings.HasPrefix(stdout.String(), "UNKNOWN: "+want+"\n") {
		t.Errorf("exit code %d, want %q in %q", code, want, stdout.String())
	}
	if _, err := os.Stat(session); !errors.Is(err, os.ErrNotExist) {
		t.Error("a session is still open")
	}
}

func TestNoOutput(t *testing.T) {
	for scenario, want := range map[string]int{"well": 3, "bad": 2, "panic": 3} {
		t.Run("full device, "+scenario, func(t *testing.T) {
			device, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Skipf("no device that is full: %v", err)
			}
			defer device.Close()
			cmd := plugin(t, scenario)
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = device, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if code := finish(t, cmd, &stderr); code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
		})
		t.Run("reader gone, "+scenario, func(t *testing.T) {
			cmd := plugin(t, scenario)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stdout = writer
			reader.Close()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			if code := finish(t, cmd, &stderr); code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
		})
	}
	t.Run("closed", func(t *testing.T) {
		// The Go runtime opens the null device in place of a closed descriptor:
		// what matters is that the answer goes nowhere else, and that the code is one.
		for scenario, want := range map[string]int{"well": 0, "bad": 2} {
			cmd := plugin(t, scenario)
			cmd.Args = append([]string{"sh", "-c", `exec "$0" >&-`, cmd.Path}, cmd.Args[1:]...)
			cmd.Path = "/bin/sh"
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if code := finish(t, cmd, &stderr); code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
		}
	})
}

func TestTerminalHasNoLimit(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if got := newOutput("check_sample", device).limit(); got != unlimited {
		t.Errorf("%d bytes for a character device, want no limit", got)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	for _, to := range []io.Writer{writer, &bytes.Buffer{}} {
		if got := newOutput("check_sample", to).limit(); got != sizeOfAnswer {
			t.Errorf("%d bytes for %T, want %d", got, to, sizeOfAnswer)
		}
	}
}

// BenchmarkStart is what a process spends on its command line and its answer.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := Plugin{Name: "check_sample", Options: &everything{}, Check: func(context.Context) (Result, error) { return well, nil }}
		if code := p.Run([]string{"-H", "bmc1", "-w", "5", "--window=4h"}, io.Discard); code != 0 {
			b.Fatalf("exit code %d", code)
		}
	}
}
