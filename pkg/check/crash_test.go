package check

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestPanic(t *testing.T) {
	explode := func(cause any) { panic(cause) }
	tests := []struct {
		name  string
		check func(ctx context.Context, release <-chan struct{}) (Result, error)
		want  string
	}{
		{"in the check", func(context.Context, <-chan struct{}) (Result, error) { explode("a\nb|c"); return well, nil }, "UNKNOWN: panic: a b¦c at check/crash_test.go:"},
		{"by the runtime", func(context.Context, <-chan struct{}) (Result, error) {
			var fans []int
			return Result{Summary: fmt.Sprint(fans[len(fans)+3])}, nil
		}, "UNKNOWN: panic: runtime error: index out of range [3] with length 0 at check/crash_test.go:"},
		{"by a nil pointer", func(context.Context, <-chan struct{}) (Result, error) { var r *Result; return *r, nil }, "UNKNOWN: panic: runtime error: invalid memory address"},
		{"with an error", func(context.Context, <-chan struct{}) (Result, error) { explode(io.EOF); return well, nil }, "UNKNOWN: panic: EOF at "},
		{"in a library", func(context.Context, <-chan struct{}) (Result, error) {
			return Result{Summary: strings.Repeat("x", -1)}, nil
		}, "UNKNOWN: panic: strings: negative Repeat count at check/crash_test.go:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := play(t, test.check, nil)
			if p.code != 3 || !strings.HasPrefix(p.answer, test.want) || !strings.Contains(p.answer, "this is a bug of the plugin") {
				t.Errorf("exit code %d, want %q in front of:\n%s", p.code, test.want, p.answer)
			}
		})
	}
}

// broken panics where only rendering looks.
type broken struct{}

func (broken) Write([]byte) (int, error) { panic("no paper") }

func TestPanicWhileWriting(t *testing.T) {
	p := Plugin{Name: "check_sample", Check: func(context.Context) (Result, error) { return well, nil }}
	if code := p.Run(nil, broken{}); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

func TestMistakeOfThePlugin(t *testing.T) {
	tests := []struct {
		name    string
		options any
		want    string
	}{
		{"not a struct", 5, "UNKNOWN: building the command line: "},
		{"a type that no option has", &struct{ C chan int }{}, "UNKNOWN: building the command line: "},
		{"an option of ours", &struct{ Timeout int }{}, "UNKNOWN: building the command line: two options are called --timeout"},
		{"a letter of ours", &struct {
			Time int `short:"t"`
		}{}, "UNKNOWN: building the command line: two options are called --timeout or -t"},
		{"a default that is none", &struct {
			Age time.Duration `default:"old"`
		}{}, "UNKNOWN: default of --age: expected a duration"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			p := Plugin{Name: "check_sample", Options: test.options, Check: func(context.Context) (Result, error) { return well, nil }}
			if code := p.Run(nil, &out); code != 3 || !strings.HasPrefix(out.String(), test.want) {
				t.Errorf("exit code %d, want %q in front of %s", code, test.want, out.String())
			}
		})
	}
}

// full takes some bytes only.
type full struct{ room int }

func (f full) Write(b []byte) (int, error) {
	if len(b) > f.room {
		return f.room, io.ErrShortWrite
	}
	return len(b), nil
}

func TestWriteError(t *testing.T) {
	for status, want := range map[Status]int{OK: 3, WARNING: 1, CRITICAL: 2, UNKNOWN: 3} {
		p := Plugin{Name: "check_sample", Check: func(context.Context) (Result, error) {
			return Result{Findings: []Finding{{Status: status, Text: "x"}}}, nil
		}}
		if code := p.Run(nil, full{room: 3}); code != want {
			t.Errorf("%v that was not written ends with %d, want %d", status, code, want)
		}
	}
}
