package ceph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// Safety asks whether all of these OSDs may be stopped at once. The mgr
// answers: without one the error is a [*SilentError].
func (c *Command) Safety(ctx context.Context, osds []int) (Safety, error) {
	if len(osds) == 0 {
		return Safety{}, errors.New("no OSD to ask about")
	}
	args := []string{"osd", "ok-to-stop"}
	for _, o := range osds {
		args = append(args, strconv.Itoa(o))
	}
	p, err := c.start(ctx, args)
	if err != nil {
		return Safety{}, err
	}
	var answer []byte
	for line, ok := p.line(p.until); ok; line, ok = p.line(p.until) {
		if p.shape(line) == docSafety {
			answer = bytes.Clone(line)
		}
	}
	p.end()
	switch {
	case answer != nil:
		return safety(answer, osds)
	case p.took >= p.limit-slack:
		return Safety{}, &SilentError{
			Reason: "no answer from the active mgr in time",
			After:  p.took,
		}
	case p.killed.Load():
		return Safety{}, fmt.Errorf("%s osd ok-to-stop: %w", c.Options.Command, errNoTime)
	}
	return Safety{}, fmt.Errorf("%s osd ok-to-stop: %s", c.Options.Command, p.reason())
}

// Safeties asks about several sets of OSDs, each of which shall be stopped at
// once, in one process: the questions go to its standard input. The answers are
// told apart by the OSDs they speak of. One that did not come is nil, and the
// error says why.
func (c *Command) Safeties(ctx context.Context, sets [][]int) ([]*Safety, error) {
	out := make([]*Safety, len(sets))
	p, err := c.start(ctx, nil)
	if err != nil {
		return out, err
	}
	for _, osds := range sets {
		args := []string{"osd", "ok-to-stop"}
		for _, o := range osds {
			args = append(args, strconv.Itoa(o))
		}
		// A process that has ended is found out by its silence.
		_, _ = io.WriteString(p.in, strings.Join(args, " ")+"\n")
	}
	_ = p.in.Close() // ceph ends when its input does
	open, first := len(sets), error(nil)
	for line, ok := p.line(p.until); ok; line, ok = p.line(p.until) {
		if p.shape(line) != docSafety {
			continue
		}
		for i, osds := range sets {
			s, odd := safety(line, osds)
			if odd != nil || len(s.OSDs) != len(osds) {
				continue
			}
			if out[i] == nil {
				open--
			}
			out[i] = &s
		}
	}
	p.end()
	switch {
	case open == 0:
	case p.killed.Load() || p.took >= p.limit-slack:
		first = &SilentError{Reason: "no answer from the active mgr in time", After: p.took}
	default:
		first = fmt.Errorf("%s osd ok-to-stop: %d of %d questions were not answered: %s", c.Options.Command, open, len(sets), p.reason())
	}
	return out, first
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
		return Safety{}, errors.New("osd ok-to-stop: the answer is not whole")
	}
	s := Safety{
		Stop: w.Stop.value != 0, Judged: w.Good.count(), Inactives: w.Bad.count(),
		Unreported: len(w.Unreported.rows) + len(w.Unknown.rows),
	}
	about := map[int]bool{}
	for _, o := range w.OSDs.rows {
		id, ok := o.integer()
		if !ok {
			return Safety{}, errors.New("osd ok-to-stop: an OSD in the answer cannot be read")
		}
		s.OSDs = append(s.OSDs, id)
		about[id] = true
	}
	for _, o := range osds {
		if !about[o] {
			return Safety{}, fmt.Errorf("osd ok-to-stop: the answer does not speak of %s", osdName(o))
		}
	}
	for _, pg := range append(w.Inactive.rows, w.Already.rows...) {
		if len(s.Inactive) < maxInactive {
			s.Inactive = append(s.Inactive, pg.name())
		}
	}
	return s, nil
}
