// Asked answers the questions of the walk with all plugins in one process: one
// JSON object for each question on standard input, one for each answer.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
)

type question struct {
	Plugin string
	Args   []string
	Now    time.Time
	Silent []netip.Addr
}

type answer struct {
	Exit   int
	Output string
}

func main() {
	log.SetOutput(io.Discard) // as check.Main does
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var q question
		if err := in.Decode(&q); err != nil {
			return
		}
		at := func() time.Time { return q.Now }
		silent := func(a netip.Addr) bool { return slices.Contains(q.Silent, a) }
		var text bytes.Buffer
		a := answer{Exit: -1}
		if plugin := plugins[q.Plugin]; plugin != nil {
			a.Exit = plugin(at, silent).Run(q.Args, &text)
		}
		a.Output = text.String()
		if err := out.Encode(a); err != nil {
			return
		}
	}
}

// plugins is filled by what [Build] writes.
var plugins = map[string]func(now func() time.Time, silent func(netip.Addr) bool) check.Plugin{}
