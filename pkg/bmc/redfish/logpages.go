package redfish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// What is read of one log at most.
const (
	maxLogPages   = 40
	maxLogBytes   = 32 << 20
	maxLogEntries = 20_000
	maxSingles    = 50 // entries that are read one by one
)

var (
	errLogLong  = errors.New("the log is longer than one poll reads: the next one goes on")
	errLogLinks = errors.New("the log lists only links, and the newest alone were read")
)

// logRead is one reading of a log.
type logRead struct {
	entries []logEntry
	raw     int // entries in all, also those that are not about fans
	count   int // entries the log holds, by its own word
	head    *answer
	page    string // the last one
	bytes   int
	ordered int // 1 when the numbers rise, -1 when they fall, 0 when neither
	mixed   bool
	singles bool // entries were read one by one
	lowest  int64
	highest int64
	stamp   string // of the highest
	met     bool   // the last entry that was known
	whole   bool
	words   []string
}

// readLog reads a log, or of a long one what is new, and adds its events.
func (p *poll) readLog(ctx context.Context, m *logMemory) error {
	r := &logRead{words: p.fanWords()}
	err := p.readPages(ctx, m, r, m.Page != "" && !m.Newest)
	if err == nil && !r.met && m.Page != "" && !m.Newest {
		// The entry that was last is not on the page where it was: the log was
		// cleared, or dropped its oldest.
		r = &logRead{words: r.words}
		err = p.readPages(ctx, m, r, false)
	}
	if r.head == nil {
		return err
	}
	log := bmc.Log{ID: m.Path, Whole: r.whole, Clock: r.head.clock}
	log.Full = m.Stops && m.Max > 0 && max(r.count, r.raw) >= m.Max
	if log.Clock == nil && len(r.entries) > 0 {
		if own := p.readManager(ctx); own != nil {
			log.Clock = own.clock
		}
	}
	now := p.now()
	if log.Clock != nil {
		now = now.Add(*log.Clock)
	}
	log.Events = p.events(r, calendar{now: now, zone: p.zone(ctx, r)})
	p.server.Logs = append(p.server.Logs, log)
	m.learn(r, err)
	return err
}

// learn notes how far a log was read. Of one that lists the newest first and
// was not read to the end, the rest would never be met again: nothing is noted.
func (m *logMemory) learn(r *logRead, err error) {
	last := *m
	m.Page, m.Last, m.Stamp, m.Newest = "", 0, "", false
	if r.raw == 1 && r.met && !r.whole {
		r.ordered = 1 // the page where the log ended, and nothing new
	}
	switch {
	case r.mixed:
	case r.singles && r.raw > 0:
		m.Last, m.Stamp = r.highest, r.stamp
	case r.singles:
		m.Last, m.Stamp = last.Last, last.Stamp // nothing new
	case err != nil && r.ordered < 0:
	case r.ordered != 0 && r.page != m.Path:
		m.Page, m.Last, m.Stamp, m.Newest = r.page, r.highest, r.stamp, r.ordered < 0
	}
}

// readPages follows a log from its first page, or from where it ended.
func (p *poll) readPages(ctx context.Context, m *logMemory, r *logRead, tail bool) error {
	path, seen := m.Path, map[string]bool{}
	if tail {
		path = m.Page
	}
	for n := 0; ; n++ {
		if n == maxLogPages || r.bytes > maxLogBytes || r.raw > maxLogEntries {
			if r.ordered < 0 {
				return nil // what is left is older than anybody asks for
			}
			return errLogLong
		}
		var page collection
		seen[path] = true
		a, err := p.read(ctx, path, &page)
		if err != nil {
			return err
		}
		if page.Members.wrong || !page.Members.found {
			return errors.New("the answer has no list of entries")
		}
		r.head, r.bytes = a, r.bytes+len(a.body)
		r.count = max(r.count, page.Count.count())
		items, err := p.inline(ctx, m, r, page.Members.items)
		r.take(items, m)
		if err != nil {
			return err
		}
		if r.page = path; page.next() == "" {
			r.whole = !tail && !(r.singles && r.met)
			return nil
		}
		if m.Newest && r.met && r.ordered < 0 {
			r.page = m.Page // any but the first: there is more than one
			return nil
		}
		if path = page.next(); seen[path] {
			return errLoop
		}
	}
}

// inline replaces entries that are only links by what they lead to, from the
// newest to the one that was known.
func (p *poll) inline(ctx context.Context, m *logMemory, r *logRead, items []json.RawMessage) ([]json.RawMessage, error) {
	if len(items) == 0 || !bare(items[0]) {
		return items, nil
	}
	links := list{items: items}.links()
	r.singles = true
	slices.SortStableFunc(links, func(a, b string) int {
		x, _ := number64(lastOf(a))
		y, _ := number64(lastOf(b))
		return cmp.Compare(y, x)
	})
	var out []json.RawMessage
	for _, one := range links {
		if len(out) == maxSingles {
			return out, errLogLinks
		}
		var body json.RawMessage
		if _, err := p.read(ctx, one, &body); err != nil {
			return out, fmt.Errorf("entry %s: %w", lastOf(one), err)
		}
		if n, created, ok := numbered(body); ok && m.Last > 0 && n == m.Last && created == m.Stamp {
			r.met = true
			break
		}
		out = append(out, body)
	}
	return out, nil
}

// numbered is the number and the time of an entry.
func numbered(item json.RawMessage) (n int64, created string, ok bool) {
	event := ""
	fields(item, func(key string, value []byte) {
		switch key {
		case "Id":
			n, ok = number64(plain(value, 0))
		case "Created":
			created = phrase.Clip(plain(value, 0), maxText)
		case "EventTimestamp":
			event = phrase.Clip(plain(value, 0), maxText)
		}
	})
	return n, cmp.Or(created, event), ok
}

// bare says that an element is nothing but a link.
func bare(item json.RawMessage) bool {
	var keys []string
	fields(item, func(key string, _ []byte) { keys = append(keys, key) })
	return len(keys) == 1 && keys[0] == "@odata.id"
}

// take adds a page's entries. Only those that may be about fans are kept, but
// all tell how the log is ordered.
func (r *logRead) take(items []json.RawMessage, m *logMemory) {
	for _, item := range items {
		n, created, ok := numbered(item)
		r.raw++
		switch {
		case !ok:
			r.mixed = true
		case r.raw == 1:
			r.lowest, r.highest, r.stamp = n, n, created
		case n > r.highest:
			r.step(1)
			r.highest, r.stamp = n, created
		case n < r.lowest:
			r.step(-1)
			r.lowest = n
		default:
			r.step(0)
		}
		if ok && n == m.Last && created == m.Stamp {
			r.met = true
		}
		if !r.mentions(item) {
			continue
		}
		var full logEntry
		if object(item, &full) == nil {
			full.place = r.raw
			r.entries = append(r.entries, full)
		}
	}
}

// step notes that the second and later entries go up or down. Once they do
// neither, the log has no order that helps.
func (r *logRead) step(way int) {
	if r.raw == 2 {
		r.ordered = way
	} else if r.ordered != way {
		r.ordered = 0
	}
}

func number64(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}

// events makes events of the entries that are about fans.
func (p *poll) events(r *logRead, when calendar) []bmc.Event {
	var out []bmc.Event
	rising := r.rising(when)
	r.ends()
	for _, e := range r.entries {
		order, ok := number64(e.ID.String())
		if !ok {
			order = int64(e.place)
			if !rising {
				order = int64(r.raw - e.place)
			}
		}
		out = append(out, p.eventsOf(e, order, when)...)
	}
	return out
}

// ends finds entries that end what another one of the same text began: Huawei's
// iBMC writes the end of an alarm as a second entry, word for word, whose only
// difference is the Severity OK. Of other controllers that is believed only when
// the log has both: some call every entry OK.
func (r *logRead) ends() {
	begun := map[text]bool{}
	for _, e := range r.entries {
		if !e.well() && e.Severity != "" && e.Message != "" {
			begun[e.Message] = true
		}
	}
	for i := range r.entries {
		e := &r.entries[i]
		e.over = e.well() && !e.iml().Repaired.said && (begun[e.Message] || e.Oem.Huawei != nil)
	}
}

// rising says whether the oldest entry comes first, by the times: iDRAC and
// CIMC list the newest first.
func (r *logRead) rising(when calendar) bool {
	var first, last time.Time
	for _, e := range r.entries {
		if t := when.dated(e.made().String()); !t.IsZero() {
			if first.IsZero() {
				first = t
			}
			last = t
		}
	}
	return !last.Before(first)
}
