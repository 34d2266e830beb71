package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// halts are the run states of QEMU (qapi/run-state.json) in which a guest stands
// still and nobody asked for it.
var halts = []string{"io-error", "internal-error", "guest-panicked", "watchdog"}

// between are the run states that a guest passes through in seconds, when it is
// started or migrated by a task. One that stays in them serves nobody.
var between = []string{"prelaunch", "inmigrate", "postmigrate", "finish-migrate", "restore-vm", "save-vm"}

// touched are the numbers of guests about which a task runs, or did a moment ago:
// statuses are up to ten seconds old.
func touched(c pve.Cluster) map[string]bool {
	out := map[string]bool{}
	for _, t := range c.Tasks {
		if !t.Console() && (t.Running() || c.Time.Sub(t.End) < time.Minute) {
			out[t.ID] = true
		}
	}
	return out
}

// guests judges statuses that are to be believed, one finding for each kind of
// trouble.
func (v *verdict) guests() {
	if !v.cluster.Listed() {
		return
	}
	halted, busy := map[string][]string{}, touched(v.cluster)
	var silent, lost, paused []string
	for _, g := range v.cluster.Guests {
		n, member := v.cluster.Node(g.Node)
		switch {
		case !member:
			lost = append(lost, g.String()+" on "+g.Node)
		case slices.Contains(halts, g.Status):
			halted["halted by "+g.Status] = append(halted["halted by "+g.Status], g.String()+" on "+g.Node)
		case g.Stale && n.Online: // said of its node
		case g.Status == "unknown" && n.Online:
			silent = append(silent, g.String()+" on "+g.Node)
		case n.Online && slices.Contains(between, g.Status) && g.Lock == "" && !busy[strconv.Itoa(g.ID)]:
			halted["standing still, "+g.Status] = append(halted["standing still, "+g.Status], g.String()+" on "+g.Node)
		case g.Status == "paused" || g.Status == "suspended":
			paused = append(paused, g.String())
		}
	}
	for _, how := range slices.Sorted(maps.Keys(halted)) {
		v.say(check.WARNING, "%s: %s", how, phrase.List(halted[how], phrase.Some))
	}
	if len(lost) > 0 {
		v.say(check.WARNING, "on a node that the cluster does not know: %s", phrase.List(lost, phrase.Some))
	}
	if len(silent) > 0 {
		v.say(check.UNKNOWN, "no status yet: %s", phrase.List(silent, phrase.Some))
	}
	if len(paused) > 0 {
		v.say(check.OK, "paused: %s", phrase.List(paused, phrase.Some))
		v.known = append(v.known, fmt.Sprintf("%d paused", len(paused)))
	}
	v.locks()
	v.idle()
}

// locks judges guests that have been locked for long, with no task that needs
// it. A guest suspended to disk is locked for as long as it likes.
func (v *verdict) locks() {
	var old []string
	for _, g := range v.cluster.Guests {
		lock := v.memory.Locks[g.ID]
		if g.Lock == "" || g.Lock == "suspended" || v.now.Sub(lock.Since) <= v.lock || v.busy(g) {
			continue
		}
		old = append(old, fmt.Sprintf("%s (%s since %s)", g, g.Lock, phrase.Time(lock.Since)))
	}
	if len(old) > 0 {
		v.say(check.WARNING, "locked for more than %s and no task runs that needs it: %s", check.DurationText(v.lock), phrase.List(old, phrase.Some))
	}
}

// busy says that a task runs which may hold the guest's lock: one about the
// guest, or one about many guests on its node.
func (v *verdict) busy(g pve.Guest) bool {
	t, found := v.index.Busy(g)
	return found && (t.ID != "" || t.Type == "vzdump")
}

// idle judges guests that are stopped although they start with their node.
func (v *verdict) idle() {
	var down, stopped []string
	unread := 0
	for _, g := range v.cluster.Guests {
		if !idle(v.index, g) {
			continue
		}
		config, read := v.memory.Configs[g.ID]
		switch {
		case !read:
			unread++
		case !config.Onboot:
		default:
			if why := v.excuse(g); why != "" {
				stopped = append(stopped, g.String()+" "+why)
			} else {
				down = append(down, g.String()+" on "+g.Node)
			}
		}
	}
	if len(down) > 0 {
		v.say(v.stopped.Status(), "stopped, and should start with the node: %s", phrase.List(down, phrase.Some))
	}
	if len(stopped) > 0 {
		v.say(check.OK, "stopped: %s", phrase.List(stopped, phrase.Some))
		v.known = append(v.known, fmt.Sprintf("%d stopped by hand", len(stopped)))
	}
	if unread > 0 {
		v.known = append(v.known, phrase.Count(unread, "stopped guest", "stopped guests")+" not looked at yet")
	}
}

// excuse is the stop that somebody asked for, if the node has not started
// since: then it would have started the guest again.
func (v *verdict) excuse(g pve.Guest) string {
	stop, found := v.memory.Stops[g.ID]
	n, _ := v.cluster.Node(g.Node)
	booted := v.cluster.Time.Add(-n.Uptime)
	switch {
	case g.Lock == "suspended":
		return "is suspended to disk"
	case found && stop.End.After(booted):
		return "was stopped by " + stop.User + " at " + phrase.Time(stop.End)
	}
	return ""
}

// perfdata keeps its labels whatever happens; what is not known is left out.
func perfdata(f facts) []check.Perfdatum {
	c := f.cluster
	zero := 0.0
	var out []check.Perfdatum
	add := func(label string, n int) {
		out = append(out, check.Perfdatum{Label: label, Value: float64(n), Min: &zero})
	}
	if v := c.Votes; v.Known {
		add("votes", v.Present())
		add("votes_needed", v.Need())
		if m := v.Margin(); m >= 0 {
			add("quorum_margin", m)
		}
	}
	if len(c.Nodes) == 0 {
		return out
	}
	add("nodes", len(c.Nodes))
	add("nodes_online", len(c.Online()))
	if !c.Quorate || len(c.Rights) > 0 || !c.Listed() {
		return out
	}
	run, all := f.running()
	add("guests", all)
	add("guests_running", run)
	states := services(c)
	for _, s := range append(slices.Clone(haStates), "other") {
		add("ha_"+s, states[s])
	}
	return out
}
