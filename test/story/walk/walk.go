// Package walk lets things happen at random in the machine room, asks all
// plugins after each, and holds a table of what must never be said at once.
package walk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/story/room"
)

// served is the node with the management controller, about which the gates are
// asked.
const served = "pve3"

// Presets are the clusters of the walks.
var Presets = []string{"lab", "four", "lms"}

// Options of a walk.
type Options struct {
	Preset string
	// Standby are the fans that may stand still, Same says that the gates take
	// that option too.
	Standby string
	Same    bool
}

// scene is a room in which a walk takes place.
type scene struct {
	options Options
	asked   *Asked
	room    *room.Room
	names   map[string]string
	dir     string
	ours    time.Duration // by how much our own clock is wrong
}

// open makes a whole world, in which everybody has been asked once and the
// baseline is written.
func open(o Options, asked *Asked) (*scene, error) {
	dir, err := os.MkdirTemp("", "walk")
	if err != nil {
		return nil, err
	}
	c := room.Lab()
	c.PVE = pve.Presets[o.Preset]()
	c.PVE.Guests = room.Addressed(c.PVE.Guests)
	c.Served = served
	c.Ceph.Curt = true
	c.Clock = world.Still(time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC))
	s := &scene{options: o, asked: asked, dir: dir}
	if s.room, err = room.Open(c); err != nil {
		return nil, err
	}
	if s.names, err = s.room.Files(dir); err == nil {
		err = s.settings()
	}
	for _, line := range []string{"advance?by=1m", "advance?by=5m"} {
		if err == nil {
			err = s.room.Do(line)
		}
		if err == nil {
			_, err = s.answers()
		}
	}
	if err == nil {
		_, err = s.ask("check_drained", "--node", served, "--save", s.baseline())
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *scene) close() {
	s.room.Close()
	// what is left in a temporary directory hurts nobody
	_ = os.RemoveAll(s.dir)
}

func (s *scene) baseline() string { return filepath.Join(s.dir, "pve3.json") }

// settings is the file that all plugins read, as an operator writes it.
func (s *scene) settings() error {
	state := filepath.Join(s.dir, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		return err
	}
	// Whatever gets no answer here is told so at once: a deadline would only tell of a
	// machine that is too busy.
	memory := "state-dir = " + state + "\noutput = json\ntimeout = 10m\n"
	cluster := fmt.Sprintf("host = %s\nca-file = %s\nauth-file = %s\n", s.names["NODES"], s.names["CA"], s.names["AUTH"])
	command := fmt.Sprintf("ceph-command = %s\nconf = %s\nid = nagios\nkeyring = %s\n", s.asked.Ceph, s.names["CONF"], s.names["KEYRING"])
	controller := fmt.Sprintf("bmc = %s\nbmc-ca-file = %s\n", s.names["BMC"], s.names["BMCCA"])
	aged := "noout-warning = 300d\nnoout-critical = 350d\n"
	sections := map[string]string{
		"check_fans":         fmt.Sprintf("host = %s\nca-file = %s\nauth-file = %s\nwindow = 7d\n", s.names["BMC"], s.names["BMCCA"], s.names["AUTH"]),
		"check_pve":          cluster,
		"check_guests":       cluster,
		"check_contingency":  cluster + command + "ceph = command\n",
		"check_ceph":         command + aged,
		"through_pve":        cluster + aged + "via = pve\n",
		"check_drained":      cluster,
		"check_serviceable":  cluster + command + controller,
		"check_reintegrated": cluster + command + controller + "baseline = " + s.baseline() + "\n",
	}
	var b strings.Builder
	for name, text := range sections {
		fmt.Fprintf(&b, "[%s]\n%s", name, text+memory)
	}
	return os.WriteFile(filepath.Join(s.dir, "noout.ini"), []byte(b.String()), 0o600)
}

// happen lets an event happen. What cannot happen now, such as a migration of a
// guest that is locked, does not.
func (s *scene) happen(event string) error {
	for _, part := range parts(event) {
		switch verb, value, _ := strings.Cut(part, "?by="); {
		case verb == "ours":
			by, err := time.ParseDuration(value)
			if err != nil {
				return err
			}
			s.ours = by
		case verb == "acknowledge":
			if _, err := s.ask("check_fans", "--allow-zero", s.options.Standby, "--acknowledge", "repaired"); err != nil {
				return err
			}
		default:
			if err := s.room.Do(part); err != nil && strings.Contains(err.Error(), "nobody knows") {
				return err
			}
		}
	}
	return nil
}

// ask runs a plugin with the operator's settings.
func (s *scene) ask(plugin string, more ...string) (Answer, error) {
	return s.askAs(plugin, plugin, more...)
}

func (s *scene) askAs(plugin, section string, more ...string) (Answer, error) {
	args := append([]string{"--extra-opts=" + section + "@" + filepath.Join(s.dir, "noout.ini")}, more...)
	return s.asked.ask(question{plugin, args, s.room.Now().Add(s.ours), s.room.Silent()})
}

// Answers are what everybody says at one moment, by [names] of the questions.
type Answers map[string]Answer

// answers asks all plugins that there are.
func (s *scene) answers() (Answers, error) {
	fans := []string{"--allow-zero", s.options.Standby}
	gate := []string{"--node", served}
	if s.options.Same {
		gate = append(gate, fans...)
	}
	out := Answers{}
	for _, q := range []struct {
		name, plugin, section string
		more                  []string
	}{
		{"fans", "check_fans", "check_fans", fans},
		{"ceph", "check_ceph", "check_ceph", nil},
		{"ceph through pve", "check_ceph", "through_pve", nil},
		{"pve", "check_pve", "check_pve", nil},
		{"guests", "check_guests", "check_guests", nil},
		{"drained", "check_drained", "check_drained", []string{"--node", served}},
		{"serviceable", "check_serviceable", "check_serviceable", append([]string{"--ceph", "command"}, gate...)},
		{"serviceable through pve", "check_serviceable", "check_serviceable", append([]string{"--ceph", "pve"}, gate...)},
		{"reintegrated", "check_reintegrated", "check_reintegrated", append([]string{"--ceph", "command"}, gate...)},
		{"reintegrated through pve", "check_reintegrated", "check_reintegrated", append([]string{"--ceph", "pve"}, gate...)},
		{"contingency", "check_contingency", "check_contingency", nil},
	} {
		if !s.asked.knows(q.plugin) {
			continue
		}
		a, err := s.askAs(q.plugin, q.section, q.more...)
		if err != nil {
			return nil, err
		}
		out[q.name] = a
	}
	return out, nil
}
