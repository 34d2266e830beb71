package ipmi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

const (
	// maxRecords and maxSensors end a walk of a repository that has no end:
	// boards exist whose last record names the first one as the next, or does
	// not say that it is the last (Inspur).
	maxRecords = 4096
	maxSensors = 512

	// maxReservations is how often a lost reservation is taken again in one
	// run. It is lost whenever anybody else reserves.
	maxReservations = 8

	lastRecord uint16 = 0xffff
)

// chunks are the numbers of bytes asked for at once, the next when one is
// refused: whole records first, what most boards can, then what others can
// over a slow bus.
var chunks = [...]int{255, 32, 22, 16, 12, 8, 5}

// walker reads the records from where its walk stands.
type walker struct {
	*walk
	poll        *poll
	chunk       int
	reservation uint16
	reserved    int // how often
	requests    int
	about       func(record []byte) (about, known bool) // is it wanted, as [relevant] says
	keep        func(record []byte)
}

// repositoryInfo asks what tells whether the cached records still hold. A
// board without the command (Artesyn) has no times to tell.
func (p *poll) repositoryInfo(ctx context.Context) (repositoryInfo, error) {
	data, err := p.send(ctx, request{name: "Get SDR Repository Info", netFn: netStorage, cmd: 0x20})
	if refused(err) {
		p.note("%v", err)
		return repositoryInfo{}, nil
	}
	if err != nil {
		return repositoryInfo{}, err
	}
	if len(data) < 13 {
		return repositoryInfo{}, short("Get SDR Repository Info", data, 13)
	}
	info := repositoryInfo{
		Count: binary.LittleEndian.Uint16(data[1:]),
		Added: binary.LittleEndian.Uint32(data[5:]),
		Erase: binary.LittleEndian.Uint32(data[9:]),
	}
	p.note("Get SDR Repository Info: %d records, last change 0x%08x, last erase 0x%08x", info.Count, info.Added, info.Erase)
	return info, nil
}

// sensors are the fan sensors of the controller, from the cache if it holds.
// A cache that is only too old is used once more, and renewed when everything
// else was read.
func (p *poll) sensors(ctx context.Context) []sensor {
	r := &p.memory.Repository
	info, err := p.repositoryInfo(ctx)
	if err != nil {
		p.repositoryGap(err)
		return r.Sensors
	}
	same, aged := r.holds(info, p.now)
	if same {
		p.note("sensor records: %d about fans, cached %s", len(r.Sensors), r.Read.Format("2006-01-02 15:04:05"))
		if aged {
			p.renewal = &info
		}
		return r.Sensors
	}
	if err := p.walk(ctx, info); err != nil {
		p.repositoryGap(fmt.Errorf("%d of %d records read, the next run goes on: %w", r.Walk.Records, info.Count, err))
		return r.Walk.Sensors
	}
	return r.Sensors
}

// renew reads records again that were too old.
func (p *poll) renew(ctx context.Context) {
	if p.renewal == nil {
		return
	}
	if err := p.walk(ctx, *p.renewal); err != nil {
		p.note("sensor repository: %v, the next run goes on", err)
	}
}

// walk reads the repository, from where an interrupted walk has left off. On
// slow boards it takes longer than one run.
func (p *poll) walk(ctx context.Context, info repositoryInfo) error {
	r := &p.memory.Repository
	if r.Walk == nil || r.Walk.Round || r.Walk.Info.Count != info.Count {
		// Where only the times changed, the walk goes on with the old ones, so
		// that the next run finds them changed and walks again.
		r.Walk = &walk{Info: info}
	}
	w := walker{walk: r.Walk, poll: p, chunk: r.Chunk, about: relevant}
	w.keep = func(record []byte) { w.Sensors = append(w.Sensors, sensors(record)...) }
	err := w.run(ctx)
	r.Chunk = w.chunk
	p.note("Get SDR: %d records in %d requests of %d bytes, %d fan sensors", w.Records, w.requests, w.chunk, len(w.Sensors))
	if err == nil {
		r.take(p.now)
	}
	return err
}

// repositoryGap says that there may be more fans than were found.
func (p *poll) repositoryGap(err error) {
	p.server.Gaps = append(p.server.Gaps, bmc.Gap{What: "sensor repository", Hides: "*", Err: err})
}

// take makes a finished walk the cache.
func (r *repository) take(now time.Time) {
	if !r.Read.IsZero() && r.Info != r.Walk.Info && slices.EqualFunc(r.Sensors, r.Walk.Sensors, sameRecord) {
		r.Restless++
	}
	r.Info, r.Sensors, r.Read, r.Walk = r.Walk.Info, r.Walk.Sensors, now, nil
}

// sameRecord compares two sensors but for their thresholds, which may have
// been learned since.
func sameRecord(a, b sensor) bool {
	a.Limits, a.Readable = b.Limits, b.Readable
	return reflect.DeepEqual(a, b)
}

// run walks on until the last record.
func (w *walker) run(ctx context.Context) error {
	if !slices.Contains(chunks[:], w.chunk) {
		w.chunk = chunks[0]
	}
	if err := w.reserve(ctx); err != nil {
		return err
	}
	seen := map[uint16]bool{}
	for w.Next != lastRecord && !seen[w.Next] {
		if w.Records >= maxRecords || len(w.Sensors) >= maxSensors {
			return fmt.Errorf("the repository has no end after %d records", w.Records)
		}
		record, next, err := w.record(ctx, w.Next, nil)
		if err != nil {
			if w.ends(err) {
				return nil
			}
			return fmt.Errorf("record 0x%04x: %w", w.Next, err)
		}
		seen[w.Next] = true
		if w.Records == 0 {
			// Record 0 stands for the first one, whatever its number.
			w.First = binary.LittleEndian.Uint16(record)
		}
		w.Records++
		w.keep(record)
		if w.Next = next; next == 0 || next == w.First {
			return w.round() // to the beginning instead of the last marker
		}
	}
	if w.Next != lastRecord {
		return w.round()
	}
	return nil
}

// round ends a walk that came back to a record it had read. That is the end
// where all records were seen; before that the others are hidden, and the next
// run has to begin anew.
func (w *walker) round() error {
	if w.Records >= int(w.Info.Count) {
		return nil
	}
	w.Round = true
	return fmt.Errorf("record 0x%04x comes again before all were read", w.Next)
}

// ends says whether an error means that there are no more records. Fujitsu's
// FC830 answers the last record with a timeout; others name a next record
// after the last, which then is not there.
func (w *walker) ends(err error) bool {
	c := code(0)
	if !errors.As(err, &c) || w.Records == 0 {
		return false
	}
	if c == codeTimeout {
		return w.Records+1 >= int(w.Info.Count)
	}
	return w.Records >= int(w.Info.Count) && w.Info.Count > 0 &&
		(c == codeNotPresent || c == codeRange || c == codeData || c == codeIllegal)
}

// reserve takes a reservation, which reading a part of a record needs. A board
// that has none (Artesyn) gets zero.
func (w *walker) reserve(ctx context.Context) error {
	if w.reserved++; w.reserved > maxReservations {
		return fmt.Errorf("the reservation was lost %d times: somebody else is reading or writing the repository", maxReservations)
	}
	w.requests++
	data, err := w.poll.send(ctx, request{name: "Reserve SDR Repository", netFn: netStorage, cmd: 0x22})
	switch {
	case refused(err):
		w.reservation = 0
		return nil
	case err != nil:
		return err
	case len(data) < 2:
		return short("Reserve SDR Repository", data, 2)
	}
	w.reservation = binary.LittleEndian.Uint16(data)
	return nil
}

// record reads one record, or as much as shows that it is not wanted, and the next
// id; of one begun, the rest. Boards echo another id than its own (X6DHR).
func (w *walker) record(ctx context.Context, id uint16, record []byte) (_ []byte, next uint16, err error) {
	for need := length(record); len(record) < need; {
		size := w.chunk
		if len(record) > 0 {
			size = min(size, need-len(record))
		}
		data, err := w.part(ctx, id, len(record), size)
		c := code(0)
		switch {
		case err != nil && w.shrink(err):
			continue
		case errors.As(err, &c) && c == codeReservation:
			if err := w.reserve(ctx); err != nil {
				return nil, 0, err
			}
			record, need = nil, length(nil) // it may have changed meanwhile
			continue
		case err != nil:
			return nil, 0, err
		case len(data) < 3:
			return nil, 0, short("Get SDR", data, 3)
		}
		if len(record) == 0 {
			next = binary.LittleEndian.Uint16(data)
		}
		record = append(record, data[2:]...)
		if len(record) < recordHeader {
			continue
		}
		if about, known := w.about(record); known && !about {
			return record, next, nil
		}
		// Boards exist that send more than the record has (HP DL585 G7), and
		// less when all of it was asked for (Xyratex).
		need = length(record)
		record = record[:min(need, len(record))]
	}
	return record, next, nil
}

// part is one Get SDR.
func (w *walker) part(ctx context.Context, id uint16, offset, size int) ([]byte, error) {
	w.requests++
	data := binary.LittleEndian.AppendUint16(nil, w.reservation)
	data = binary.LittleEndian.AppendUint16(data, id)
	return w.poll.send(ctx, request{
		name: "Get SDR", netFn: netStorage, cmd: 0x23,
		data: append(data, byte(offset), byte(size)),
		once: size == chunks[0],
	})
}

// shrink asks for less from now on when the controller could not give as much;
// false when the error means something else or there is no less.
func (w *walker) shrink(err error) bool {
	c := code(0)
	switch {
	case errors.As(err, &c):
		if c != codeBytes && c != codeLength && c != codeField && c != codeUnspecified {
			return false
		}
	case !errors.Is(err, errSilent) || w.chunk != chunks[0]:
		return false
	}
	at := slices.Index(chunks[:], w.chunk)
	if at+1 >= len(chunks) {
		return false
	}
	w.chunk = chunks[at+1]
	return true
}
