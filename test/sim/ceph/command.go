package ceph

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reply is what the ceph command gets for one question.
type Reply struct {
	Document string `json:"document,omitempty"` // JSON on one line
	// Error is for standard error: "Error EACCES: ...".
	Error string `json:"error,omitempty"`
	// Hang is how long nothing comes before that, at most the client's limit.
	Hang time.Duration `json:"hang,omitempty"`
}

// forever is longer than any client waits.
const forever = time.Hour

// Ask answers one question of the ceph command. Caps are the key's: "mon" or
// "mon mgr".
func (w *World) Ask(question, caps string) Reply {
	var reply Reply
	w.look(func() { reply = w.ask(strings.Fields(question), caps) })
	if w.config.Curt {
		reply.Hang = 0
	}
	return reply
}

func (w *World) ask(words []string, caps string) Reply {
	if w.quorum() == nil {
		return Reply{Hang: forever, Error: errSilent.Error()}
	}
	if !strings.Contains(caps, "mon") {
		return Reply{Error: "Error EACCES: access denied"}
	}
	question := strings.Join(words, " ")
	if strings.HasPrefix(question, "osd ok-to-stop") || question == "osd df tree" {
		return w.askMgr(words, caps)
	}
	doc, known := map[string]func() any{
		"status":              func() any { return w.status() },
		"health detail":       func() any { return w.healthDocument(true) },
		"osd dump":            func() any { return w.osdDump() },
		"osd tree":            func() any { return object{"nodes": w.tree(false), "stray": []any{}} },
		"quorum_status":       func() any { return w.quorumStatus() },
		"mgr metadata":        func() any { return w.mgrMetadata() },
		"node ls":             func() any { return w.nodeList() },
		"fs dump":             func() any { return w.fsDump() },
		"osd crush rule dump": func() any { return w.rules() },
	}[question]
	if !known {
		return Reply{Error: "Error EINVAL: invalid command"}
	}
	return Reply{Document: marshal(doc())}
}

// askMgr is for what the active mgr answers: without one nobody does.
func (w *World) askMgr(words []string, caps string) Reply {
	switch {
	case !strings.Contains(caps, "mgr"):
		return Reply{Error: "Error EACCES: access denied: does your client key have mgr caps?"}
	case w.Active() == nil:
		return Reply{Hang: forever, Error: "Error ETIMEDOUT: Connection timed out"}
	case words[1] == "df":
		return Reply{Document: marshal(object{"nodes": w.tree(true), "stray": []any{}, "summary": object{}})}
	}
	var ids []int
	for _, word := range words[2:] {
		id, err := strconv.Atoi(word)
		if err != nil || id < 0 || id >= len(w.osds) {
			return Reply{Error: "Error ENOENT: no such osd " + word}
		}
		ids = append(ids, id)
	}
	return Reply{Document: marshal(w.okToStop(ids))}
}

// okToStop is Ceph's answer: about PGs on these OSDs that are up, whether they
// keep enough copies. Of sites it knows nothing.
func (w *World) okToStop(ids []int) object {
	good, bad := 0, []string{}
	for _, p := range w.pools {
		for _, g := range p.pgs {
			alive := w.alive(g)
			left := slices.DeleteFunc(slices.Clone(alive), func(id int) bool { return slices.Contains(ids, id) })
			switch {
			case len(left) == len(alive):
			case len(left) >= w.least(p):
				good++
			default:
				bad = append(bad, g.id)
			}
		}
	}
	out := object{"ok_to_stop": len(bad) == 0, "osds": ids, "num_ok_pgs": good, "num_not_ok_pgs": len(bad)}
	if len(bad) > 0 {
		out["bad_become_inactive"] = bad
	}
	return out
}

// MonStatus is what the admin socket of a monitor says.
func (w *World) MonStatus(name string) (string, error) {
	var doc string
	err := fmt.Errorf("there is no monitor %s here", name)
	w.look(func() {
		for i, m := range w.mons {
			if m.Name != name || !m.up {
				continue
			}
			state, ranks := "peon", []int{}
			for r, other := range w.mons {
				if other.up {
					ranks = append(ranks, r)
				}
			}
			switch {
			case w.quorum() == nil:
				state, ranks = "probing", []int{}
			case ranks[0] == i:
				state = "leader"
			}
			doc, err = marshal(object{"name": name, "rank": i, "state": state, "election_epoch": 8, "quorum": ranks, "monmap": w.monmap()}), nil
		}
	})
	return doc, err
}

// marshal writes what is made of maps, lists, strings, numbers and truth
// values, which cannot fail.
func marshal(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
