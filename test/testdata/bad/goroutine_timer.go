// pkg/ping/late.go
// a goroutine starts with a deferred function that recovers
package ping

import "time"

func late(f func()) { time.AfterFunc(time.Second, f) }
