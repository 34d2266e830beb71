package ping

import "time"

// fate of a packet, as far as it is known.
type fate uint8

const (
	sent fate = 1 << iota
	answered
	refusedByPath // an error came back
	resent
)

// table holds when each packet was sent and what became of it, for the last
// rounds to each target.
type table struct {
	width  int // rounds that are kept
	at     []time.Duration
	fates  []fate
	newest []int // round sent last to each target, -1 for none
	// open packets have not been answered.
	open int
}

func newTable(targets, width int) *table {
	t := &table{
		width: width, at: make([]time.Duration, targets*width),
		fates: make([]fate, targets*width), newest: make([]int, targets),
	}
	for i := range t.newest {
		t.newest[i] = -1
	}
	return t
}

func (t *table) slot(target, round int) int { return target*t.width + round%t.width }

// put notes a packet that left, in place of one that nobody waits for any more.
func (t *table) put(target, round int, at time.Duration) {
	t.skip(target, round)
	i := t.slot(target, round)
	t.at[i], t.fates[i] = at, sent
	t.open++
}

// skip notes that the packet of a round did not leave.
func (t *table) skip(target, round int) {
	for r := max(t.newest[target]+1, round-t.width+1); r <= round; r++ {
		i := t.slot(target, r)
		if t.waits(i) {
			t.open--
		}
		t.fates[i] = 0
	}
	t.newest[target] = max(t.newest[target], round)
}

// find returns the slot of a packet that left and is still known.
func (t *table) find(target, round int) (int, bool) {
	newest := t.newest[target]
	if round < 0 || round > newest || round <= newest-t.width {
		return 0, false
	}
	i := t.slot(target, round)
	return i, t.fates[i]&sent != 0
}

// recall is the last round whose number ends in seq: the whole number does not
// fit in an ICMP message.
func (t *table) recall(target int, seq uint16) int {
	newest := t.newest[target]
	return newest - int(uint16(newest)-seq)
}

// waits says whether the packet has left and has no answer.
func (t *table) waits(i int) bool { return t.fates[i]&(sent|answered) == sent }

// answer notes the answer to a packet that waits for it.
func (t *table) answer(i int) {
	t.fates[i] |= answered
	t.open--
}

// again notes that a packet was sent a second time.
func (t *table) again(i int, at time.Duration) {
	t.at[i] = at
	t.fates[i] |= resent
}

// pending counts the packets to a target that were sent after since and have
// neither an answer nor an error.
func (t *table) pending(target int, since time.Duration) int {
	n := 0
	for i := target * t.width; i < (target+1)*t.width; i++ {
		if t.fates[i]&(sent|answered|refusedByPath) == sent && t.at[i] > since {
			n++
		}
	}
	return n
}

// hopeless counts the packets to a target for which an error came instead of
// an answer.
func (t *table) hopeless(target int) int {
	n := 0
	for i := target * t.width; i < (target+1)*t.width; i++ {
		if t.fates[i]&(sent|answered|refusedByPath) == sent|refusedByPath {
			n++
		}
	}
	return n
}

// gap is the longest gap of a target that an answer ended, as far as its packets
// tell, and the longest time between two of them. An answer came slowest after its
// packet at the latest. Where a packet did not leave at one certain time nothing is
// certain.
func (t *table) gap(target int, slowest time.Duration) (longest Gap, spacing time.Duration) {
	before, first := -1, -1 // the last that was answered, the first since that was not
	for round := range t.newest[target] + 1 {
		i, left := t.find(target, round)
		if !left || t.fates[i]&resent != 0 {
			return Gap{}, 0
		}
		if round > 0 {
			spacing = max(spacing, t.at[i]-t.at[t.slot(target, round-1)])
		}
		switch {
		case t.waits(i) && first < 0:
			first = round
		case t.waits(i):
		case first >= 0:
			start := t.at[t.slot(target, first)]
			g := Gap{Start: start, AtLeast: t.at[t.slot(target, round-1)] - start, Lost: round - first, Unbounded: before < 0}
			if before >= 0 {
				g.AtMost = t.at[i] + slowest - t.at[t.slot(target, before)]
			}
			if longest.Lost == 0 || g.Length() > longest.Length() {
				longest = g
			}
			fallthrough
		default:
			before, first = round, -1
		}
	}
	return longest, spacing
}
