//go:build real

package schedulers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/story/room"
)

// scenes are machine rooms by name, and what happened in each before anybody
// asks. They are held as they are while everybody does.
var scenes = map[string][]string{
	"well": {"advance?by=1m"},
	// pve3 is emptied, noout is set.
	"drained": {"pve maintenance?node=pve3", "pve migrate?id=105&to=pve1&for=5s", "ceph set?flag=noout&host=pve3", "advance?by=3m30s"},
	// The same by hand, without HA maintenance, and with a flag too many; a fan
	// dropped out in the night.
	"but": {
		"pve ha?id=103&state=started", "pve migrate?id=105&to=pve1", "pve ha?id=103&state=", "pve migrate?id=103&to=pve1",
		"ceph set?flag=noout&host=pve3", "ceph set?flag=norebalance", "pve version?node=pve2&is=9.1.3",
		"bmc drop?fan=3&for=11s", "advance?by=2h",
	},
	// Without a quorum no monitor says anything.
	"mute": {"ceph stop?mon=pve1", "ceph stop?mon=pve2"},
	// A flag nobody needs.
	"flag": {"ceph set?flag=norebalance"},
	// More guests than 4096 bytes can name.
	"crowded": {"advance?by=1m"},
	// pve3 was serviced and is back.
	"back": {
		"pve maintenance?node=pve3", "pve migrate?id=105&to=pve1&for=5s", "advance?by=3m", "off?node=pve3", "advance?by=10m", "on?node=pve3", "advance?by=1m",
		"pve maintenance?node=pve3&on=0", "advance?by=2m", "pve migrate?id=105&to=pve3&for=5s", "advance?by=1m",
	},
	// pve2 is off, and only who plans downtimes knows why.
	"pulled": {
		"pve migrate?id=102&to=pve1", "pve migrate?id=200&to=pve1", "advance?by=1m",
		"ceph set?flag=noout", "off?node=pve2", "advance?by=2m",
	},
	// A node is gone, and nobody said that it would.
	"broken": {"crash?node=pve2", "ceph stop?host=pve2", "bmc drop?fan=3&for=24h", "bmc drop?fan=5&for=24h", "advance?by=10m30s"},
	// The token lost its privileges.
	"revoked": {"advance?by=1m", "pve revoke"},
}

// timeOut is the fifth thing that can happen, beside the four states.
const timeOut = "TIMEOUT"

// asked is a plugin, what it is to answer, and in which scene.
type asked struct {
	plugin string
	want   string
	scene  string
	more   string // settings beside the usual ones of the plugin
}

func (a asked) name() string {
	return strings.ToLower(strings.TrimPrefix(a.plugin, "check_") + "-" + a.want)
}

// exit is the code that is due. A cluster without an answer serves nobody, so
// for check_ceph that is CRITICAL.
func (a asked) exit() int {
	if a.plugin == "check_ceph" && a.want == timeOut {
		return 2
	}
	return map[string]int{"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3, timeOut: 3}[a.want]
}

// questions are all plugins with everything they can say. Lists that get long
// come with -vvv, to fill the 4096 bytes that a plugin may print.
var questions = []asked{
	{"check_fans", "OK", "well", "verbose = 3\n"},
	{"check_fans", "WARNING", "but", "verbose = 1\n"},
	{"check_fans", "CRITICAL", "broken", "verbose = 1\n"},
	{"check_fans", "UNKNOWN", "well", "via = redfish\nhost = 127.0.0.1:1\n"},
	{"check_fans", timeOut, "well", "via = redfish\n"},

	{"check_ceph", "OK", "well", "verbose = 3\n"},
	{"check_ceph", "WARNING", "flag", "verbose = 1\n"},
	{"check_ceph", "CRITICAL", "broken", "verbose = 3\n"},
	{"check_ceph", "UNKNOWN", "well", "keyring = $ROOM/wrong.keyring\n"},
	{"check_ceph", timeOut, "mute", ""},

	{"check_pve", "OK", "well", "verbose = 3\n"},
	{"check_pve", "WARNING", "but", ""},
	{"check_pve", "CRITICAL", "broken", "verbose = 1\n"},
	{"check_pve", "UNKNOWN", "revoked", ""},
	{"check_pve", timeOut, "well", ""},

	{"check_guests", "OK", "well", "target = 127.0.0.1\ntarget = ::1\ntarget = localhost\n"},
	{"check_guests", "WARNING", "well", "target = 127.0.0.1\nwarning = 0.001,80%\nverbose = 1\n"},
	{"check_guests", "CRITICAL", "well", "target = 127.0.0.1\ntarget = 127.0.0.2\nwarning = 0.001,80%\ncritical = 0.002,90%\n"},
	{"check_guests", "UNKNOWN", "revoked", "host = $NODES\n"},
	{"check_guests", timeOut, "well", ""},

	{"check_drained", "OK", "drained", "verbose = 1\n"},
	{"check_drained", "WARNING", "but", "verbose = 2\n"},
	{"check_drained", "CRITICAL", "crowded", "verbose = 1\n"},
	{"check_drained", "UNKNOWN", "revoked", ""},
	{"check_drained", timeOut, "well", ""},

	{"check_serviceable", "OK", "drained", "verbose = 3\n"},
	{"check_serviceable", "WARNING", "but", "verbose = 1\n"},
	{"check_serviceable", "CRITICAL", "well", "verbose = 1\n"},
	{"check_serviceable", "UNKNOWN", "revoked", ""},
	{"check_serviceable", timeOut, "well", ""},

	{"check_reintegrated", "OK", "back", "verbose = 3\nbaseline = $ROOM/baseline.json\n"},
	{"check_reintegrated", "WARNING", "back", "verbose = 1\n"},
	{"check_reintegrated", "CRITICAL", "drained", "verbose = 1\nbaseline = $ROOM/baseline.json\n"},
	{"check_reintegrated", "UNKNOWN", "revoked", ""},
	{"check_reintegrated", timeOut, "well", ""},
}

// usual are the settings of each plugin.
var usual = map[string]string{
	"check_fans":         "host = $BMC\nauth-file = $AUTH\nca-file = $BMCCA\n",
	"check_ceph":         "ceph-command = $CEPH\nconf = $CONF\nid = nagios\nkeyring = $KEYRING\n",
	"check_pve":          "host = $NODES\nauth-file = $AUTH\nca-file = $CA\n",
	"check_guests":       "auth-file = $AUTH\nca-file = $CA\n",
	"check_drained":      "host = $NODES\nauth-file = $AUTH\nca-file = $CA\nnode = pve3\n",
	"check_serviceable":  "host = $NODES\nauth-file = $AUTH\nca-file = $CA\nnode = pve3\n",
	"check_reintegrated": "host = $NODES\nauth-file = $AUTH\nca-file = $CA\nnode = pve3\n",
}

// site is all rooms, open.
type site struct {
	names  map[string]map[string]string // by scene
	silent net.Listener                 // accepts connections and never says anything
}

// opened is the site, opened once and for all tests.
var opened = sync.OnceValues(func() (*site, error) {
	s := &site{names: map[string]map[string]string{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.silent = l
	bin, err := plugins()
	if err != nil {
		return nil, err
	}
	for scene, lines := range scenes {
		c := room.Lab()
		if scene == "crowded" {
			for id := 300; id < 360; id++ {
				c.PVE.Guests = append(c.PVE.Guests, pve.Guest{ID: id, Name: fmt.Sprintf("customer%d", id), Node: "pve3"})
			}
		}
		r, err := room.Open(c)
		if err != nil {
			return nil, err
		}
		dir := filepath.Join(home, "room-"+scene)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		if s.names[scene], err = r.Files(dir); err != nil {
			return nil, err
		}
		s.names[scene]["ROOM"], s.names[scene]["CEPH"] = dir, filepath.Join(home, "plugins", "ceph")
		if err := baseline(dir, filepath.Join(bin, "check_drained"), s.names[scene]); err != nil {
			return nil, err
		}
		for _, line := range lines {
			if err := r.Do(line); err != nil {
				return nil, fmt.Errorf("scene %s: %s: %w", scene, line, err)
			}
		}
	}
	return s, nil
})

// baseline has check_drained write down how pve3 is before it is emptied.
func baseline(dir, plugin string, names map[string]string) error {
	path := filepath.Join(dir, "baseline.json")
	out, err := exec.Command(plugin, "-H", names["NODES"], "--auth-file", names["AUTH"], "--ca-file", names["CA"], "--node", "pve3", "--state", "off", "--save", path).CombinedOutput()
	// The node is not empty: its answer is no.
	if _, missing := os.Stat(path); missing != nil {
		return fmt.Errorf("check_drained --save: %w: %s", errors.Join(err, missing), out)
	}
	return nil
}

func openSite(t testing.TB) *site {
	t.Helper()
	s, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	for scene := range scenes {
		give(t, s.names[scene]["ROOM"])
	}
	return s
}

// setting is one option.
type setting struct{ key, value string }

// settings are the options of a question, with a memory of their own for who
// asks.
func (s *site) settings(a asked, memory string) []setting {
	text := usual[a.plugin] + a.more
	switch {
	case a.want == timeOut && a.plugin == "check_ceph":
		text += "timeout = 2\n"
	case a.want == timeOut:
		text = strings.NewReplacer("host = $BMC\n", "", "host = $NODES\n", "").Replace(text) + "host = " + s.silent.Addr().String() + "\ntimeout = 2\n"
	}
	text += "state-dir = " + filepath.Join(memory, a.name()) + "\n"
	for name, value := range s.names[a.scene] {
		text = strings.ReplaceAll(text, "$"+name+"\n", value+"\n")
	}
	text = strings.ReplaceAll(text, "$ROOM", s.names[a.scene]["ROOM"])
	var out []setting
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
		if n := len(out); n > 0 && key != "target" {
			for i := range out {
				if out[i].key == key { // what is special wins
					out[i].value, key = value, ""
				}
			}
		}
		if key != "" {
			out = append(out, setting{key, value})
		}
	}
	return out
}

// section is a section of noout.ini.
func (s *site) section(name string, a asked, memory string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]\n", name)
	for _, o := range s.settings(a, memory) {
		fmt.Fprintf(&b, "%s = %s\n", o.key, o.value)
	}
	return b.String()
}
