package check

import (
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	_ "github.com/noout-monitoring/noout/pkg/check/oneproc" // before all others
)

// Main runs the plugin with the process's arguments and ends the process with
// its exit code. SIGTERM, SIGINT, SIGHUP and SIGQUIT end the check: it closes
// what it opened, and the answer is UNKNOWN. Nothing is written to standard
// error, which Icinga 2 would put in front of the answer.
func Main(p Plugin) {
	if p.Memory > 0 {
		debug.SetMemoryLimit(p.Memory << 20)
	}
	log.SetOutput(io.Discard) // net/http logs there
	os.Exit(p.run(os.Args[1:], os.Stdout, signals))
}

// signals are those that end a check. Listening takes a thread, so it begins
// when there is something to close.
func signals() <-chan os.Signal {
	// A host that does not listen any more must not kill us before sessions are
	// closed: with a listener for SIGPIPE writing fails instead. (To ignore the
	// signal would be inherited by programs that sources start.)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	stop := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // as nohup does
			signal.Notify(stop, s)
		}
	}
	return stop
}
