// plugins/check_fans/judge_age.go
// judges and rules do not use time.Now
package main

import clock "time"

func age(since clock.Time) clock.Duration { return clock.Now().Sub(since) }
