// Package oneproc gives a plugin one processor. A plugin waits, it does not
// compute: a second one only brings threads, their stacks and their caches, a
// quarter of the CPU time of a run.
//
// It imports nothing but the runtime and is called as it is because packages are
// initialized in the order of their names where no import decides: so the second
// processor goes before anything was allocated on it, which would have to be
// swept away (70 page faults of 420).
package oneproc

import "runtime"

func init() { runtime.GOMAXPROCS(1) }
