package walk

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// event is something that may happen, in the language of the room, and what
// undoes it, if that takes more than time.
type event struct{ lines, undone string }

// Events chooses what happens: things break, and half of the time one that broke
// is mended, so that a world is neither whole for long nor beyond repair. Every
// few events a service goes on: drained, switched off, on again, brought back.
func Events(seed uint64, n int) []string {
	c := chooser{rng: rand.New(rand.NewPCG(seed, seed))}
	out := make([]string, 0, n)
	for len(out) < n {
		out = append(out, c.next())
	}
	return out
}

type chooser struct {
	rng     *rand.Rand
	broken  []string // what mends it
	service int      // the next part of a service
}

// service of the server with the controller, part by part. Each line is one
// event.
var service = []string{
	"pve maintenance?node=pve3, advance?by=2m",
	"pve migrate?id=105&to=pve1&for=20s, advance?by=1m",
	"ceph set?flag=noout&host=pve3",
	"off?node=pve3, advance?by=1m",
	"advance?by=6m",
	"on?node=pve3, ceph recover",
	"bmc drop?fan=3&for=11s, advance?by=20s",
	"advance?by=10m",
	"pve maintenance?node=pve3&on=0, advance?by=2m",
	"pve migrate?id=105&to=pve3&for=20s, advance?by=1m",
	"ceph unset?flag=noout&host=pve3, ceph recover",
	"advance?by=25h",
}

func (c *chooser) next() string {
	if k := len(c.broken); k > 0 && c.rng.IntN(2) == 0 {
		i := c.rng.IntN(k)
		mend := c.broken[i]
		c.broken = append(c.broken[:i], c.broken[i+1:]...)
		return mend
	}
	if c.rng.IntN(3) > 0 {
		line := service[c.service%len(service)]
		c.service++
		return line
	}
	e := c.breaks()
	if e.undone != "" {
		c.broken = append(c.broken, e.undone)
	}
	return e.lines
}

func (c *chooser) pick(of ...string) string { return of[c.rng.IntN(len(of))] }

// breaks is one of all things that go wrong, or are done by somebody.
func (c *chooser) breaks() event {
	node, id := c.pick("pve1", "pve2", "pve3"), c.pick("100", "102", "103", "105", "200")
	osd, fan := fmt.Sprint(c.rng.IntN(6)), fmt.Sprint(1+c.rng.IntN(5))
	flag := c.pick("noout", "noout", "nodown", "noup", "noin", "norebalance", "nobackfill", "norecover", "noscrub", "pause")
	scope := c.pick("", "&host="+node, "&osd="+osd, "&class=hdd")
	if flag == "pause" || flag == "noscrub" {
		scope = ""
	}
	shape := c.pick("absent", "gone", "zero", "critical", "slow", "warning", "null", "mute")
	all := []event{
		// fans; the last one stands by, and may stand still
		{"bmc drop?fan=6&shape=zero&log=nothing", "bmc return?fan=6&log=nothing"},
		{"bmc drop?fan=" + fan + "&for=" + c.pick("2s", "11s", "3m") + "&shape=" + shape + ", advance?by=1m", ""},
		{"bmc drop?fan=" + fan + "&shape=" + shape, "bmc return?fan=" + fan},
		{"bmc drop?fan=" + fan + "&for=5s&log=" + c.pick("failure", "nothing") + ", advance?by=30s", ""},
		{"bmc drop?fan=3,4&for=4s, advance?by=5m", ""},
		{"bmc clear-log", ""},
		{"bmc restart?down=1m, advance?by=3m", ""},
		{"bmc clock?by=" + c.pick("3h", "-3h", "2m"), "bmc clock"},
		{"acknowledge", ""},
		// Ceph
		{"ceph set?flag=" + flag + scope, "ceph unset?flag=" + flag + scope + ", ceph recover"},
		{"ceph stop?osd=" + osd + ", advance?by=1m", "ceph start?osd=" + osd + ", ceph recover"},
		{"ceph out?osd=" + osd, "ceph in?osd=" + osd + ", ceph recover"},
		{"ceph stop?mon=" + node, "ceph start?mon=" + node},
		{"ceph stop?mgr=" + c.pick("pve1", "pve3"), "ceph start?mgr=pve1, ceph start?mgr=pve3"},
		{"ceph mute?code=" + c.pick("OSD_DOWN", "PG_DEGRADED", "OSDMAP_FLAGS"), "ceph unmute?code=OSD_DOWN, ceph unmute?code=PG_DEGRADED, ceph unmute?code=OSDMAP_FLAGS"},
		{"ceph peering?pgs=3&for=" + c.pick("10s", "2m"), "advance?by=3m"},
		{"ceph fill?percent=" + c.pick("83", "93"), "ceph fill?percent=30"},
		{"ceph damage?pool=rbd", "ceph damage?pool=rbd&on=0"},
		{"ceph unfound?objects=2", "ceph unfound?objects=0"},
		{"ceph move?objects=50", "ceph move?objects=0"},
		{"ceph check?code=RECENT_CRASH&text=a+daemon+crashed", "ceph uncheck?code=RECENT_CRASH"},
		// nodes, HA
		{c.pick("off", "crash") + "?node=" + node + ", advance?by=1m", "on?node=" + node + ", ceph recover"},
		{"pve link?on=0&node=" + node + ", advance?by=2m", "pve link?node=" + node + ", advance?by=2m"},
		{"pve pvestatd?on=0&node=" + node + ", advance?by=6m", "pve pvestatd?node=" + node + ", advance?by=1m"},
		{"pve lrm?on=0&node=" + node + ", advance?by=3m", "pve lrm?node=" + node + ", advance?by=1m"},
		{"pve maintenance?node=" + node + ", advance?by=2m", "pve maintenance?on=0&node=" + node + ", advance?by=3m"},
		{"pve disarm?mode=" + c.pick("freeze", "ignore") + ", advance?by=1m", "pve arm, advance?by=1m"},
		{"pve ha?id=102&state=started, advance?by=30s", "pve ha?id=102&state=, advance?by=30s"},
		// guests
		{"pve migrate?id=" + id + "&to=" + node + "&for=" + c.pick("5s", "3m") + ", advance?by=10s", "advance?by=4m"},
		{"pve stop?id=" + id + "&user=root@pam", "pve start?id=" + id},
		{"pve kill?id=" + id, "pve start?id=" + id + ", advance?by=1m"},
		{"pve status?is=paused&id=" + id, "pve status?is=running&id=" + id},
		{"pve lock?is=backup&id=" + id, "pve lock?is=&id=" + id},
		// the quorum device, where there is one
		{"pve qdevice?" + c.pick("on=0", "gone=1") + c.pick("", "&node="+node) + ", advance?by=1m", "pve qdevice?, advance?by=1m"},
		// rights, and time
		{"pve revoke", "pve grant?path=/&privileges=Sys.Audit,VM.Audit,Datastore.Audit,Pool.Audit"},
		{"ours?by=" + c.pick("2m", "1h", "-1h"), "ours?by=0"},
		{"advance?by=" + c.pick("10s", "1m", "11m", "2h"), ""},
	}
	return all[c.rng.IntN(len(all))]
}

// parts of an event.
func parts(event string) []string { return strings.Split(event, ", ") }
