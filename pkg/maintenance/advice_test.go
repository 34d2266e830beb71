package maintenance

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

var worlds = flag.Int("worlds", 400, "random worlds the robot is let loose on")

// TestAdviceProof lets a robot service nodes of random worlds. It reads what the
// gates print and does it literally, in the order printed, until they say yes:
// out, off, on and back. No step of it may stop a guest or its I/O, lose quorum,
// or let data move that noout was set to keep, and a yes must come in a bounded
// number of rounds. What no command does is done by people, by what is printed
// for them. A failure names its world: -args -worlds=1 -seed=NUMBER.
func TestAdviceProof(t *testing.T) {
	t.Parallel()
	ends := map[string]int{}
	for i := range *worlds {
		number := *first + uint64(i)
		end, err := serve(t, number)
		if err != nil {
			t.Errorf("world %d: %v", number, err)
		}
		ends[end]++
	}
	for _, k := range slices.Sorted(maps.Keys(ends)) {
		t.Logf("%6d %s", ends[k], k)
	}
	if *worlds >= 1000 && ends["yes, and back"]*5 < *worlds {
		t.Errorf("only %d of %d worlds came to the end: the proof proves little", ends["yes, and back"], *worlds)
	}
}

// world is a model in which time passes and commands are carried out.
type world struct {
	*model
	r       *rand.Rand
	homes   []int // of the guests, when it began
	command bool  // the ceph command is asked, not the token
	named   bool  // --ceph-host says what each machine is called in CRUSH
	log     []string
	agreed  bool
	// built says what no step can mend: too few hosts for the copies.
	built string
}

// rounds bound how often the robot asks.
const rounds = 40

func serve(t *testing.T, number uint64) (string, error) {
	r := rand.New(rand.NewPCG(number, 11))
	w := &world{model: random(r), r: r, command: r.IntN(2) == 0}
	for _, g := range w.guests {
		w.homes = append(w.homes, g.on)
	}
	base := pve.BaselineOf(w.look(t).PVE.Cluster, w.names(), pve.Memory{}, noon.Add(-2*time.Hour))
	out := func() Checklist { return Serviceable(w.look(t)) }
	if end, err := w.follow(out); end != "yes" {
		return end, err
	}
	for _, x := range w.leaving {
		w.off(x)
	}
	back := func() Checklist {
		b := base
		b.Leaving = w.names()
		r := Return{Evidence: w.look(t), Baseline: &b}
		r.unchanged()
		return Reintegrated(r)
	}
	end, err := w.follow(back)
	if end == "yes" {
		if left := w.leftBehind(); len(left) > 0 {
			return "", fmt.Errorf("back, but %v\n%s", left, strings.Join(w.log, "\n"))
		}
		return "yes, and back", nil
	}
	return "back: " + end, err
}

// names of the leaving nodes.
func (w *world) names() []string {
	var out []string
	for _, x := range w.leaving {
		out = append(out, w.nodes[x].name)
	}
	slices.Sort(out)
	return out
}

func (w *world) look(t *testing.T) Evidence {
	e := w.evidence(t)
	slices.Sort(e.PVE.Leaving)
	for i, g := range w.guests {
		if !g.ha {
			continue
		}
		e.PVE.Cluster.Guests[i].HAState = e.PVE.Cluster.Guests[i].Status
		for k, s := range e.PVE.Cluster.HA.Services {
			if id, _ := s.GuestID(); id == 100+i && g.on != w.homes[i] && w.leaves(w.homes[i]) && g.running {
				e.PVE.Cluster.HA.Services[k].Home = w.nodes[w.homes[i]].name
			}
		}
	}
	if w.named && e.Ceph.Cluster != nil {
		for _, h := range e.Ceph.Cluster.Tree.Hosts {
			for _, n := range w.nodes {
				if strings.TrimSuffix(h.Name, "-ssd") == n.crush && !slices.Contains(e.Ceph.Hosts[n.name], h.Name) {
					e.Ceph.Hosts[n.name] = append(slices.Clone(e.Ceph.Hosts[n.name]), h.Name)
				}
			}
		}
	}
	if w.command && e.Ceph.Cluster != nil {
		e = w.asked(e)
		e.Ceph.Command = true
	}
	return e
}

// printed are the lines of the answer, condition by condition: by status, then as
// the checklist has it, and a remedy that was said already is not said again.
func printed(list Checklist) [][]string {
	var out [][]string
	told := map[string]bool{}
	for _, o := range []Outcome{Fails, Unknown, Reserved} {
		for _, c := range list {
			if c.Outcome != o {
				continue
			}
			lines := []string{c.Text()}
			if steps := strings.Join(c.Lines(), "\n"); !told[steps] {
				told[steps] = true
				lines = append(lines, c.Lines()...)
			}
			out = append(out, lines)
		}
	}
	return out
}

var onMachine = regexp.MustCompile(`^on (\S+): ([a-z][A-Za-z0-9 ._@:=,/-]*)$`)

// follow asks and does what is said until the answer is a yes.
func (w *world) follow(ask func() Checklist) (string, error) {
	for range rounds {
		list := ask()
		if yes(list.Decision()) {
			return "yes", nil
		}
		before := fmt.Sprintf("%+v %v %v", *w.model, w.command, w.named)
		for _, lines := range printed(list) {
			w.log = append(w.log, lines...)
			whole := strings.Join(lines, ": ")
			w.agreed = strings.Contains(whole, agree)
			for _, line := range lines[1:] {
				if m := onMachine.FindStringSubmatch(line); m != nil {
					if err := w.carryOut(m[1], m[2]); err != nil {
						return "", fmt.Errorf("%w\n%s\n%+v", err, strings.Join(w.log, "\n"), *w.model)
					}
				} else if strings.HasPrefix(line, "on ") {
					return "", fmt.Errorf("%q cannot be pasted", line)
				}
			}
			w.people(whole)
		}
		if w.built != "" {
			return w.built, nil
		}
		w.rest()
		if before == fmt.Sprintf("%+v %v %v", *w.model, w.command, w.named) && w.stuck() != "" {
			return w.stuck(), nil
		}
	}
	return "", fmt.Errorf("no yes in %d rounds: %q\n%+v\n%s", rounds, printed(ask()), *w.model, strings.Join(w.log[max(0, len(w.log)-6):], "\n"))
}

// carryOut does one command and says what it hurt.
func (w *world) carryOut(machine, command string) error {
	was := w.state()
	if err := w.do(machine, command); err != nil {
		return fmt.Errorf("on %s: %s: %w", machine, command, err)
	}
	now := w.state()
	for _, hurt := range now {
		if !slices.Contains(was, hurt) {
			return fmt.Errorf("on %s: %s: %s", machine, command, hurt)
		}
	}
	return nil
}

// state is everything that is bad for somebody now.
func (w *world) state() []string {
	var out []string
	for i, g := range w.guests {
		if !g.running && !w.agreed {
			out = append(out, fmt.Sprintf("guest %d does not run", i))
		}
	}
	for i, p := range w.pools {
		for k, acting := range p.pgs {
			if up, _ := w.living(acting); up < p.min {
				out = append(out, fmt.Sprintf("I/O stands still in PG %d.%d", i, k))
			}
		}
	}
	for id, o := range w.osds {
		if !o.up && o.in && !w.covers(id) {
			out = append(out, fmt.Sprintf("the data of osd.%d moves", id))
		}
	}
	for f := range w.flags {
		if w.flags[f] {
			out = append(out, "flag "+f)
		}
	}
	return out
}

var looks = []string{"ha-manager status", "ceph osd ok-to-stop ", "ceph health detail", "ceph osd df", "systemctl status ", "pvecm status", "ceph osd find ", "ceph crash ls-new", "ceph-volume lvm list", "ceph service dump", "corosync-qdevice-tool -s"}

func (w *world) do(machine, command string) error {
	on := slices.IndexFunc(w.nodes, func(n node) bool { return n.name == machine })
	if on < 0 || !w.nodes[on].online {
		return fmt.Errorf("there is no such machine that is on")
	}
	word := strings.Fields(command)
	last := word[len(word)-1]
	switch {
	case slices.ContainsFunc(looks, func(l string) bool { return strings.HasPrefix(command, l) }):
	case strings.HasPrefix(command, "ha-manager crm-command node-maintenance "):
		if !w.ha {
			return fmt.Errorf("nothing is under HA")
		}
		w.maintained = word[3] == "enable"
	case strings.HasPrefix(command, "ha-manager migrate "):
	case strings.HasPrefix(command, "qm migrate ") && len(word) >= 4:
		return w.migrate(on, word)
	case strings.HasPrefix(command, "qm start "):
		id, _ := strconv.Atoi(last)
		w.guests[id-100].running = true
	case strings.HasPrefix(command, "ceph osd set-group noout ") || strings.HasPrefix(command, "ceph osd unset"), command == "ceph osd set noout":
		return w.flag(word)
	case strings.HasPrefix(command, "ceph osd in "):
		id, err := strconv.Atoi(last)
		if err != nil || !w.osds[id].up {
			return fmt.Errorf("it is down")
		}
		w.osds[id].in = true
	case strings.HasPrefix(command, "systemctl start ceph-osd@"):
		id, err := strconv.Atoi(strings.TrimPrefix(last, "ceph-osd@"))
		if err != nil || w.osds[id].on != on {
			return fmt.Errorf("it is on another machine")
		}
		w.osds[id].up = true
	case strings.HasPrefix(command, "systemctl start ceph-mon@"):
		if last != "ceph-mon@"+machine {
			return fmt.Errorf("it is on another machine")
		}
		for i, x := range w.mons {
			w.mons[i].inQuorum = x.inQuorum || x.on == on
		}
	case strings.HasPrefix(command, "systemctl start ceph-mds@"):
		for i, x := range w.mds {
			w.mds[i].dead = x.dead && x.on != on
		}
	case command == "systemctl start corosync-qdevice":
		w.nodes[on].qdaemon = true
	case command == "systemctl start ceph-mgr.target", command == "systemctl start ceph-mds.target":
	default:
		return fmt.Errorf("no such command")
	}
	return nil
}

func (w *world) migrate(on int, word []string) error {
	id, err := strconv.Atoi(word[2])
	to := slices.IndexFunc(w.nodes, func(n node) bool { return n.name == word[3] })
	if err != nil || to < 0 || !w.nodes[to].online || w.guests[id-100].on != on {
		return fmt.Errorf("it cannot be moved so")
	}
	w.guests[id-100].on, w.guests[id-100].to = to, -1
	return nil
}

func (w *world) flag(word []string) error {
	flag := word[3]
	switch {
	case word[2] == "set":
		w.noout.global = true
	case word[2] == "unset" && flag == "noout":
		w.noout.global = false
	case word[2] == "unset":
		delete(w.flags, flag)
	case flag != "noout":
		return fmt.Errorf("nobody set it for a group")
	default:
		for _, name := range word[4:] {
			if err := w.group(word[2] == "set-group", name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) group(set bool, name string) error {
	if id, err := strconv.Atoi(strings.TrimPrefix(name, "osd.")); err == nil {
		w.noout.osds = slices.DeleteFunc(w.noout.osds, func(o int) bool { return o == id })
		return nil
	}
	for i, n := range w.nodes {
		if n.crush != strings.TrimSuffix(name, "-ssd") {
			continue
		}
		w.noout.hosts = slices.DeleteFunc(slices.Clone(w.noout.hosts), func(x int) bool { return x == i })
		if set {
			w.noout.hosts = append(w.noout.hosts, i)
			return nil
		}
		for id, o := range w.osds { // its other host in CRUSH keeps the flag
			if o.on == i && w.bucket(o) != name {
				w.noout.osds = append(w.noout.osds, id)
			}
		}
		return nil
	}
	return fmt.Errorf("CRUSH knows no %s", name)
}
