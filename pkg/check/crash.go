package check

import (
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"
)

// Go runs f in a goroutine whose panic ends in an UNKNOWN answer. A bare go
// statement is not an option in a plugin: the runtime ends a process that
// panics with exit code 2, which is a false CRITICAL.
func Go(f func()) {
	crashes.begin()
	go func() {
		defer crashes.end()
		defer func() {
			if cause := recover(); cause != nil && !crashes.report(crash(cause)) {
				panic(cause) // nobody is answering: a test, not a plugin
			}
		}()
		f()
	}()
}

// crashes is where Go reports. It is a variable because a goroutine can be
// started anywhere below Check, and a panic concerns the process.
var crashes listeners

// listeners are the runs that want to know, normally one.
type listeners struct {
	sync.Mutex
	channels map[chan Result]bool
	running  int           // goroutines started by Go
	idle     chan struct{} // closed when the last of them ends
}

func (l *listeners) begin() {
	l.Lock()
	defer l.Unlock()
	if l.running == 0 {
		l.idle = make(chan struct{})
	}
	l.running++
}

func (l *listeners) end() {
	l.Lock()
	defer l.Unlock()
	if l.running--; l.running == 0 {
		close(l.idle)
	}
}

// ended is closed when no goroutine is left. A check that waited for its
// goroutines may return while the panic of one is still on its way here.
func (l *listeners) ended() <-chan struct{} {
	l.Lock()
	defer l.Unlock()
	if l.running == 0 {
		none := make(chan struct{})
		close(none)
		return none
	}
	return l.idle
}

// listen returns a channel for the first crash, and what to call in the end.
func (l *listeners) listen() (crashed <-chan Result, forget func()) {
	l.Lock()
	defer l.Unlock()
	c := make(chan Result, 1)
	if l.channels == nil {
		l.channels = map[chan Result]bool{}
	}
	l.channels[c] = true
	return c, func() {
		l.Lock()
		defer l.Unlock()
		delete(l.channels, c)
	}
}

// report tells every listener, and whether there is one.
func (l *listeners) report(r Result) bool {
	l.Lock()
	defer l.Unlock()
	for c := range l.channels {
		select {
		case c <- r:
		default: // it knows of another
		}
	}
	return len(l.channels) > 0
}

// crash is the result of a panic. It is to be called by the deferred function
// that recovered, where the stack still holds the frames that panicked.
func crash(cause any) Result {
	text := fmt.Sprintf("panic: %v", cause)
	if where := culprit(); where != "" {
		text += " at " + where
	}
	return unknown(text + " - this is a bug of the plugin")
}

// culprit is the first place of our own code below the panic.
func culprit() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicked := false
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			panicked = panicked || frame.Function == "runtime.gopanic" || frame.Function == "runtime.panicmem"
		case panicked && ours(frame.Function):
			return fmt.Sprintf("%s:%d", path.Join(path.Base(path.Dir(frame.File)), path.Base(frame.File)), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// ours tells our packages from the standard library and modules.
func ours(function string) bool {
	return strings.HasPrefix(function, "main.") || strings.HasPrefix(function, "github.com/noout-monitoring/noout/")
}
