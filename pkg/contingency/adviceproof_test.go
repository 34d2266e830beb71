package contingency

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

	"github.com/noout-monitoring/noout/pkg/maintenance"
)

var worlds = flag.Int("worlds", 600, "random clusters the robot is let loose on")

// TestAdviceProof lets a robot follow what is printed about random clusters, to the
// letter and in the order printed, until nothing is left that it can do. After
// each step no failure may take what it did not take before, by killing; and what
// a step is about is then true: the guest comes back elsewhere, its data is there
// twice or in a backup, what HA restarts has room, quorum stays. A failure names
// its cluster: -args -worlds=1 -seed=NUMBER.
func TestAdviceProof(t *testing.T) {
	t.Parallel()
	done, ends := map[string]int{}, map[string]int{}
	for i := range *worlds {
		r := robot{t: t, r: rand.New(rand.NewPCG(*first+uint64(i), 23)), done: done}
		r.world = random(r.r)
		end, err := r.obey()
		if err != nil {
			t.Errorf("cluster %d: %v\n%+v", *first+uint64(i), err, *r.world)
		}
		ends[end]++
	}
	for _, m := range []map[string]int{done, ends} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			t.Logf("%6d %s", m[k], k)
		}
	}
	for _, step := range []string{"ha-manager add", "qm disk move", "vzdump", "qm migrate", "free", "add a quorum device", "bring the quorum device back"} {
		if done[step] < *worlds/300 {
			t.Errorf("%q was followed %d times: the proof proves little of it", step, done[step])
		}
	}
}

// robot does what is printed.
type robot struct {
	*world
	t    *testing.T
	r    *rand.Rand
	done map[string]int
	log  []string
}

// advised is one finding with what is to be done about it.
type finding struct {
	failure Failure
	maintenance.Condition
}

// rounds bound how often it asks.
const rounds = 12

func (r *robot) obey() (string, error) {
	if len(r.kill(nil, false)) > 0 {
		return "nobody was asked", nil // without quorum or I/O
	}
	for range rounds {
		e, err := r.ask()
		if err != nil {
			return "", err
		}
		did := false
		for _, f := range printed(Of(e)) {
			acted, err := r.follow(e, f)
			if err != nil {
				return "", fmt.Errorf("%w\n%s", err, strings.Join(r.log, "\n"))
			}
			did = did || acted
		}
		if !did {
			return r.standing(Of(e)), nil
		}
	}
	return "", fmt.Errorf("it is still told to do something after %d rounds\n%s", rounds, strings.Join(r.log, "\n"))
}

// ask is the evidence now. What HA counts is the same in each round.
func (r *robot) ask() (Evidence, error) {
	e, err := r.evidence(rand.New(rand.NewPCG(1, 1)))
	e.Groups = Grouping{Prefix: "app-"}
	for i := range e.Cluster.Guests {
		e.Cluster.Guests[i].Tags = []string{fmt.Sprint("app-", i%4)}
	}
	return e, err
}

func (r *robot) standing(o Outlook) string {
	if slices.ContainsFunc(o.Losses, func(l Loss) bool { return !l.Survives() }) {
		return "something is left that no step mends"
	}
	return "any one thing may fail"
}

// printed are the findings in the order of the answer.
func printed(o Outlook) []finding {
	var out []finding
	said := map[string]bool{}
	once := func(f finding) {
		if text := f.Name + f.Condition.String() + fmt.Sprint(f.Next); !said[text] {
			said[text] = true
			out = append(out, f)
		}
	}
	for _, outcome := range []maintenance.Outcome{maintenance.Fails, maintenance.Unknown, maintenance.Reserved} {
		for _, l := range o.Losses {
			for _, c := range l.Conditions {
				if c.Outcome == outcome {
					once(finding{l.Failure, c})
				}
			}
		}
		for _, c := range o.Always {
			if c.Outcome == outcome {
				once(finding{Failure{}, c})
			}
		}
	}
	return out
}

// follow does the steps of a finding, and looks whether each hurt or was true.
func (r *robot) follow(e Evidence, f finding) (bool, error) {
	acted := false
	for _, step := range f.Next {
		before := r.harms(e)
		kind, err := r.do(step, f)
		r.log = append(r.log, f.failure.String()+": "+f.Condition.Evidence+": "+step.String())
		if err != nil {
			return false, fmt.Errorf("%s: %w", step, err)
		}
		if kind == "" {
			continue
		}
		acted = true
		r.done[kind]++
		for _, harm := range r.harms(e) {
			failure, _, _ := strings.Cut(harm, " takes ")
			switch {
			case slices.Contains(before, harm):
			case slices.Contains(before, failure+" takes quorum"): // and so everything
			case kind == "qm migrate" && strings.HasSuffix(harm, " takes vm:"+strings.Fields(step.Run)[2]+" is down"): // there as here
			case kind == "bring nodes back" && told(step.Say, harm): // and it was said before
			default:
				return false, fmt.Errorf("%s: %s", step, harm)
			}
		}
	}
	if !acted {
		return false, nil
	}
	return true, r.kept(f)
}

// told says that a step names the guest that a harm is about.
func told(text, harm string) bool {
	_, guests, _ := strings.Cut(text, ", where HA may put ")
	_, lost, _ := strings.Cut(harm, " takes vm:")
	id, found := strings.CutSuffix(lost, " is down")
	return found && regexp.MustCompile(`\bvm`+id+`\b`).MatchString(guests)
}

// harms are what each single failure takes.
func (r *robot) harms(e Evidence) []string {
	var out []string
	for _, f := range e.Failures() {
		lost := r.kill(r.dead(f), f.Kind == Device)
		for _, l := range lost {
			for _, how := range []string{"stays down", "finds no node", "starts nowhere"} {
				l = strings.Replace(l, how, "is down", 1)
			}
			out = append(out, f.String()+" takes "+l)
		}
		if len(r.dead(f)) == len(r.nodes) || !slices.ContainsFunc(r.nodes, func(n machine) bool { return n.online && !slices.Contains(f.Nodes, n.name) }) {
			out = append(out, f.String()+" takes quorum") // nobody is left
		}
		if slices.Contains(lost, "quorum") {
			out = append(out, r.reset(f)...)
		}
	}
	for _, g := range r.guests {
		if !g.running {
			out = append(out, g.sid()+" does not run")
		}
	}
	return out
}

// reset are the guests of nodes that live, lose quorum, and have a service of HA.
func (r *robot) reset(f Failure) []string {
	watched := map[int]bool{}
	for _, g := range r.guests {
		watched[g.on] = watched[g.on] || g.ha != ""
	}
	var out []string
	for _, g := range r.guests {
		if g.running && watched[g.on] && !slices.Contains(r.dead(f), g.on) {
			out = append(out, f.String()+" takes "+g.sid()+" with its node")
		}
	}
	return out
}

var (
	adds     = regexp.MustCompile(`^ha-manager add (\S+) --state started$`)
	moves    = regexp.MustCompile(`^qm disk move (\d+) scsi0 ceph$`)
	backs    = regexp.MustCompile(`^vzdump (\d+) --storage pbs --mode snapshot$`)
	migrates = regexp.MustCompile(`^qm migrate (\d+) (\S+) --online$`)
	frees    = regexp.MustCompile(`^free ([0-9.]+) GiB on (\S+)$`)
)

// do carries one step out. Kind is empty for one that asks for nothing, or for
// what people have to think about.
func (r *robot) do(s step, f finding) (kind string, err error) {
	if s.Run == "" {
		return r.people(s.Say, f)
	}
	on := slices.IndexFunc(r.nodes, func(n machine) bool { return n.name == s.On })
	if on < 0 || !r.nodes[on].online {
		return "", fmt.Errorf("there is no such machine that is on")
	}
	if s.Run == "ha-manager status" || strings.HasPrefix(s.Run, "ceph osd df") {
		return "", nil // they only look
	}
	if m := adds.FindStringSubmatch(s.Run); m != nil {
		g := r.guest(m[1])
		if g == nil || g.ha != "" {
			return "", fmt.Errorf("HA knows it already")
		}
		g.ha = "started"
		return "ha-manager add", nil
	}
	for kind, pattern := range map[string]*regexp.Regexp{"qm disk move": moves, "vzdump": backs, "qm migrate": migrates} {
		m := pattern.FindStringSubmatch(s.Run)
		if m == nil {
			continue
		}
		g := r.guest("vm:" + m[1])
		if g == nil || g.on != on {
			return "", fmt.Errorf("the guest is not there")
		}
		return kind, r.command(kind, g, m)
	}
	return "", fmt.Errorf("no such command")
}

func (r *robot) command(kind string, g *vm, words []string) error {
	switch kind {
	case "qm disk move":
		if !g.local {
			return fmt.Errorf("its disk is there already")
		}
		g.local, g.copies = false, nil
	case "vzdump":
		g.backup = 1
	case "qm migrate":
		to := slices.IndexFunc(r.nodes, func(n machine) bool { return n.name == words[2] })
		if to < 0 || !r.nodes[to].online || !g.running || g.local || g.gpu != "" {
			return fmt.Errorf("it cannot be moved so")
		}
		g.on = to
	}
	return nil
}

// people do what no command does.
func (r *robot) people(text string, f finding) (string, error) {
	if m := frees.FindStringSubmatch(text); m != nil {
		i := slices.IndexFunc(r.nodes, func(n machine) bool { return n.name == m[2] })
		size, err := strconv.ParseFloat(m[1], 64)
		if err != nil || i < 0 || size != float64(int(size)) {
			return "", fmt.Errorf("how much, and where?")
		}
		r.nodes[i].memory += int(size)
		return "free", nil
	}
	whole, _, _ := strings.Cut(text, ", where HA may put ")
	switch {
	case text == "add a quorum device on a machine of its own":
		r.qdevice = 1
		for i := range r.nodes {
			r.nodes[i].daemon = true
		}
		return "add a quorum device", nil
	case strings.HasPrefix(text, "bring the quorum device back on "):
		for i, n := range r.nodes {
			r.nodes[i].daemon = n.daemon || slices.Contains(words(text), n.name)
		}
		return "bring the quorum device back", nil
	case strings.HasPrefix(text, "bring ") && strings.HasSuffix(whole, " back") && f.Name == "quorum survives":
		for i, n := range r.nodes {
			if slices.Contains(words(whole), n.name) {
				r.nodes[i].online, r.nodes[i].daemon = true, r.qdevice > 0
			}
		}
		return "bring nodes back", nil
	}
	return "", nil
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' })
}

func (r *robot) guest(sid string) *vm {
	for i := range r.guests {
		if r.guests[i].sid() == sid {
			return &r.guests[i]
		}
	}
	return nil
}

// kept says whether what was promised came true.
func (r *robot) kept(f finding) error {
	lost := r.kill(r.dead(f.failure), f.failure.Kind == Device)
	for _, s := range f.Next {
		var promised []string
		if m := adds.FindStringSubmatch(s.Run); m != nil {
			promised = []string{m[1] + " stays down", m[1] + " finds no node", m[1] + " starts nowhere"}
		}
		if m := moves.FindStringSubmatch(s.Run); m != nil {
			promised = []string{"vm:" + m[1] + " data"}
		}
		if m := frees.FindStringSubmatch(s.Say); m != nil {
			promised = []string{m[2] + " has no memory"}
		}
		if strings.Contains(s.Say, "quorum device") || f.Name == "quorum survives" {
			promised = []string{"quorum"}
		}
		for _, p := range promised {
			if slices.Contains(lost, p) {
				return fmt.Errorf("%s was done, and %s still takes: %s", s, f.failure, p)
			}
		}
	}
	return r.said(f)
}

// said is whether the next answer still says what was mended.
func (r *robot) said(f finding) error {
	e, err := r.ask()
	if err != nil {
		return err
	}
	for _, l := range Of(e).Losses {
		for _, c := range l.Conditions {
			if l.Failure.String() != f.failure.String() || c.Name != f.Name {
				continue
			}
			for _, s := range f.Next {
				backup := backs.FindStringSubmatch(s.Run)
				free := frees.FindStringSubmatch(s.Say)
				if backup != nil && c.Outcome == maintenance.Fails && strings.Contains(c.Evidence, "vm"+backup[1]+" ") ||
					free != nil && strings.Contains(c.Evidence, free[2]+" is promised") {
					return fmt.Errorf("%s was done, and it still says %s: %s", s, f.failure, c.Evidence)
				}
			}
		}
	}
	return nil
}
