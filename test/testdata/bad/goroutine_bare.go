// pkg/pve/ask.go
// a goroutine starts with a deferred function that recovers
package pve

import "sync"

func ask(wait *sync.WaitGroup, f func()) {
	go func() {
		defer wait.Done()
		f()
	}()
}
