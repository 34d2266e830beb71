package ceph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Safety is Ceph's answer to whether all of some OSDs may be stopped together.
// It is about PGs that lose their last copies only: it is true for OSDs that
// are down already, while I/O is paused, and while OSDs are full.
type Safety struct {
	OSDs []int
	// Stop is Ceph's yes.
	Stop bool
	// Judged is the number of PGs that would go on; a yes about none proves
	// nothing, the OSDs may be down already.
	Judged int
	// Inactive are the PGs that would stop, bounded; Inactives their number.
	Inactive  []string
	Inactives int
	// Unreported is the number of PGs the mgr knows nothing of yet: ask again.
	Unreported int
}

// maxInactive bounds the PGs that are named.
const maxInactive = 20

// Safeties asks about sets of OSDs, each of which shall be stopped at once, in one
// process. The mgr answers. The answers are told apart by the OSDs they speak of. One
// that did not come is nil, and the error says why; without a mgr it is a
// [*SilentError].
func (c *Command) Safeties(ctx context.Context, sets [][]int) ([]*Safety, error) {
	out := make([]*Safety, len(sets))
	var questions [][]string
	for _, osds := range sets {
		words := []string{"osd", "ok-to-stop"}
		for _, o := range osds {
			words = append(words, strconv.Itoa(o))
		}
		questions = append(questions, words)
	}
	// One question is a command as people type it, which a wrapper may know and let
	// through. Several go to standard input, for one start of ceph.
	var args []string
	if len(questions) == 1 {
		args, questions = questions[0], nil
	}
	p, err := c.start(ctx, args...)
	if err != nil {
		return out, err
	}
	for _, words := range questions {
		// A process that has ended is found out by its silence.
		_, _ = io.WriteString(p.in, strings.Join(words, " ")+"\n")
	}
	_ = p.in.Close() // ceph ends when its input does
	for line, ok := p.line(p.until); ok; line, ok = p.line(p.until) {
		if p.shape(line) == docSafety {
			p.refused = cmp.Or(sorted(line, sets, out), p.refused)
		}
	}
	p.end()
	switch {
	case !slices.Contains(out, nil):
		return out, nil
	case p.took >= p.limit-slack:
		return out, &SilentError{Reason: "no answer from the active mgr in time"}
	case p.killed.Load():
		return out, fmt.Errorf("%s osd ok-to-stop: %w", c.Options.Command, errNoTime)
	}
	return out, fmt.Errorf("%s osd ok-to-stop: %s", c.Options.Command, p.reason())
}

// sorted puts an answer where its question is; the error says why it is none.
func sorted(line []byte, sets [][]int, out []*Safety) error {
	var odd error
	for i, osds := range sets {
		s, err := safety(line, osds)
		if err == nil && len(s.OSDs) == len(osds) {
			out[i] = &s
			return nil
		}
		odd = err
	}
	return odd
}

// safety reads the answer and checks that it is about all that was asked.
func safety(raw []byte, osds []int) (Safety, error) {
	w, err := decode[struct {
		Stop       number       `json:"ok_to_stop"`
		OSDs       list[number] `json:"osds"`
		Good       number       `json:"num_ok_pgs"`
		Bad        number       `json:"num_not_ok_pgs"`
		Inactive   list[text]   `json:"bad_become_inactive"`
		Already    list[text]   `json:"bad_already_inactive"`
		Unreported list[text]   `json:"bad_unknown"`
		Unknown    list[text]   `json:"unknown_pgs"`
	}](raw)
	if err != nil {
		return Safety{}, err
	}
	if !w.Stop.set || !w.Good.set || !w.Bad.set || !w.OSDs.set {
		return Safety{}, errors.New("the answer is not whole")
	}
	s := Safety{
		Stop: w.Stop.value != 0, Judged: w.Good.count(), Inactives: w.Bad.count(),
		Unreported: len(w.Unreported.rows) + len(w.Unknown.rows),
	}
	about := map[int]bool{}
	for _, o := range w.OSDs.rows {
		id, ok := o.integer()
		if !ok {
			return Safety{}, errors.New("an OSD in the answer cannot be read")
		}
		s.OSDs = append(s.OSDs, id)
		about[id] = true
	}
	for _, o := range osds {
		if !about[o] {
			return Safety{}, fmt.Errorf("the answer does not speak of %s", osdName(o))
		}
	}
	for _, pg := range append(w.Inactive.rows, w.Already.rows...) {
		if len(s.Inactive) < maxInactive {
			s.Inactive = append(s.Inactive, pg.name())
		}
	}
	return s, nil
}
