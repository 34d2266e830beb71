// pkg/gate/since.go
// times are told by pkg/phrase
package gate

import "time"

func since(t time.Time) string { return "since " + t.UTC().Format(time.DateTime) }
