package check

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

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
