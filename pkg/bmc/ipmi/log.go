package ipmi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

const (
	entrySize = 16

	// firstEntries is how many of the newest entries are read when a log is
	// met for the first time: the older ones of a long log are history that
	// would take longer to read than a run may.
	firstEntries = 512

	// maxEntries ends the reading of a log that has no end.
	maxEntries = 1 << 15

	firstEntry uint16 = 0x0000
	lastEntry  uint16 = 0xffff

	unsetTime uint32 = 0xffffffff
	// presetTime is the greatest time that counts seconds since the
	// controller started, because its clock was not set.
	presetTime uint32 = 0x20000000
)

// logInfo is what Get SEL Info says.
type logInfo struct {
	Entries  uint16 `json:"entries"`
	Free     uint16 `json:"free"`
	Added    uint32 `json:"added"`
	Erased   uint32 `json:"erased"`
	Overflow bool   `json:"overflow,omitempty"`
}

// logMark is how far the log was read.
type logMark struct {
	Info logInfo `json:"info"`
	// Last is the last entry read, as it was: another one under its number
	// is in another log.
	Last []byte `json:"last,omitempty"`
	// Behind says that the reading was interrupted.
	Behind bool `json:"behind,omitempty"`
}

func (m logMark) id() uint16 { return binary.LittleEndian.Uint16(m.Last) }

// unchanged says that the log cannot have changed since. The count does not
// change any more in a log that is full and wraps, and not every board keeps
// the time of the last addition: then the last entry has to be looked at.
func (m logMark) unchanged(info logInfo) bool {
	return len(m.Last) == entrySize && !m.Behind && m.Info == info &&
		info.Added != 0 && info.Added != unsetTime && info.Free >= entrySize
}

// cleared says that the log is another one than the one that was read.
func (m logMark) cleared(info logInfo) bool {
	return len(m.Last) != entrySize || m.Info.Erased != info.Erased || info.Entries < m.Info.Entries
}

// log reads what the event log has got since the last poll.
func (p *poll) log(ctx context.Context, set set) {
	info, err := p.logInfo(ctx)
	if err != nil {
		p.logGap(err)
		return
	}
	mark := &p.memory.Log
	log := bmc.Log{ID: "SEL", Full: info.Overflow && info.Free < entrySize}
	r := logReader{poll: p, set: set, mark: mark, log: &log}
	switch {
	case info.Entries == 0:
		*mark, log.Whole = logMark{}, true
	case mark.unchanged(info):
		// nothing new
	default:
		err = r.read(ctx, info)
		mark.Info, mark.Behind = info, err != nil
		p.note("Get SEL Entry: %d of %d entries read in %d requests, %d about fans", r.entries, info.Entries, r.requests, len(log.Events))
	}
	if err != nil {
		p.logGap(err)
	}
	if len(log.Events) > 0 {
		log.Clock = p.clock(ctx)
	}
	p.server.Logs = append(p.server.Logs, log)
}

func (p *poll) logGap(err error) {
	p.server.Gaps = append(p.server.Gaps, bmc.Gap{What: "SEL", Log: true, Err: err})
}

func (p *poll) logInfo(ctx context.Context) (logInfo, error) {
	data, err := p.send(ctx, request{name: "Get SEL Info", netFn: netStorage, cmd: 0x40})
	if err != nil {
		return logInfo{}, err
	}
	if len(data) < 14 {
		return logInfo{}, short("Get SEL Info", data, 14)
	}
	info := logInfo{
		Entries:  binary.LittleEndian.Uint16(data[1:]),
		Free:     binary.LittleEndian.Uint16(data[3:]),
		Added:    binary.LittleEndian.Uint32(data[5:]),
		Erased:   binary.LittleEndian.Uint32(data[9:]),
		Overflow: data[13]&0x80 != 0,
	}
	p.note("Get SEL Info: %d entries, %d bytes free, last addition 0x%08x, last erase 0x%08x, overflow %t",
		info.Entries, info.Free, info.Added, info.Erased, info.Overflow)
	return info, nil
}

// clock is how far the controller's clock is ahead of ours; nil when it does
// not tell. The log's times come from this clock, whatever zone it is set to.
func (p *poll) clock(ctx context.Context) *time.Duration {
	before := time.Now()
	data, err := p.send(ctx, request{name: "Get SEL Time", netFn: netStorage, cmd: 0x48})
	if err == nil && len(data) < 4 {
		err = short("Get SEL Time", data, 4)
	}
	if err != nil {
		p.note("%v", err)
		return nil
	}
	at, ok := date(binary.LittleEndian.Uint32(data))
	if !ok {
		p.note("Get SEL Time: the clock is not set")
		return nil
	}
	now := time.Now()
	offset := at.Sub(now.Add(-now.Sub(before) / 2)).Round(time.Second)
	p.note("Get SEL Time: %s, %s off", at.UTC().Format("2006-01-02 15:04:05"), offset)
	return &offset
}

// date is a time of the controller; false when it is none.
func date(seconds uint32) (time.Time, bool) {
	if seconds <= presetTime || seconds == unsetTime {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// logReader reads entries from where the mark is.
type logReader struct {
	poll     *poll
	set      set
	mark     *logMark
	log      *bmc.Log
	entries  int // read
	requests int
}

// read reads every new entry.
func (r *logReader) read(ctx context.Context, info logInfo) error {
	next, err := r.start(ctx, info)
	if err != nil {
		return err
	}
	r.log.Whole = next == firstEntry
	seen := map[uint16]bool{}
	for next != lastEntry && !seen[next] && r.entries < maxEntries {
		entry, following, err := r.entry(ctx, next)
		if err != nil {
			r.log.Whole = false
			if c := code(0); errors.As(err, &c) && c == codeNotPresent {
				if next == firstEntry {
					return nil // emptied meanwhile
				}
				r.mark.Last = nil
				return fmt.Errorf("the log changed while it was read, the next run reads it again: %w", err)
			}
			return fmt.Errorf("%d of %d entries read, the next run goes on: %w", r.entries, info.Entries, err)
		}
		seen[next] = true
		r.keep(entry)
		next = following
	}
	return nil
}

// keep takes an entry over.
func (r *logReader) keep(entry []byte) {
	r.entries++
	r.mark.Last = entry
	if e, about := r.set.event(entry); about {
		r.log.Events = append(r.log.Events, e)
	}
}

// start finds the entry to begin with: the one after the last one known, or
// the first one of a log that was cleared or is met for the first time.
func (r *logReader) start(ctx context.Context, info logInfo) (uint16, error) {
	if r.mark.cleared(info) {
		return r.leap(ctx, info)
	}
	// Where the erase time shows that it is the same log, and it grew without
	// wrapping, the next number is nearly always the next entry.
	told := info.Erased != 0 && info.Erased != unsetTime
	if told && info.Entries > r.mark.Info.Entries && info.Free >= entrySize && !r.mark.Behind {
		entry, next, err := r.entry(ctx, r.mark.id()+1)
		if err == nil && binary.LittleEndian.Uint16(entry) == r.mark.id()+1 {
			r.keep(entry)
			return next, nil
		}
		if err != nil && !refused(err) {
			return 0, err
		}
	}
	entry, next, err := r.entry(ctx, r.mark.id())
	switch {
	case err == nil && bytes.Equal(entry, r.mark.Last):
		return next, nil
	case err == nil || refused(err):
		return r.leap(ctx, info)
	}
	return 0, err
}

// leap skips all but the newest entries of a long log. It needs numbers
// without holes; where they have some, the log is read from its beginning.
func (r *logReader) leap(ctx context.Context, info logInfo) (uint16, error) {
	if info.Entries <= firstEntries {
		return firstEntry, nil
	}
	last, _, err := r.entry(ctx, lastEntry)
	if err != nil {
		return firstEntry, ignoreRefusal(err)
	}
	id := binary.LittleEndian.Uint16(last)
	if id <= firstEntries {
		return firstEntry, nil
	}
	target := id - firstEntries + 1
	entry, _, err := r.entry(ctx, target)
	if err != nil || binary.LittleEndian.Uint16(entry) != target {
		return firstEntry, ignoreRefusal(err)
	}
	return target, nil
}

func ignoreRefusal(err error) error {
	if refused(err) {
		return nil
	}
	return err
}

// entry is one Get SEL Entry. It needs no reservation, since the whole entry is
// read.
func (r *logReader) entry(ctx context.Context, id uint16) (entry []byte, next uint16, err error) {
	r.requests++
	data := binary.LittleEndian.AppendUint16([]byte{0, 0}, id)
	data, err = r.poll.send(ctx, request{name: "Get SEL Entry", netFn: netStorage, cmd: 0x43, data: append(data, 0, 0xff)})
	if err != nil {
		return nil, 0, fmt.Errorf("entry 0x%04x: %w", id, err)
	}
	if len(data) < 2+entrySize {
		return nil, 0, fmt.Errorf("entry 0x%04x: %d bytes, expected %d", id, len(data), 2+entrySize)
	}
	if next = binary.LittleEndian.Uint16(data); next == firstEntry {
		next = lastEntry // a log without an end mark
	}
	return data[2 : 2+entrySize], next, nil
}
