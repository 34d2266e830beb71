package ipmi

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// checkFans says what must hold of facts, whatever the device sent.
func checkFans(t *testing.T, fans []bmc.Fan, sets []bmc.Redundancy) {
	t.Helper()
	ids := map[string]bool{}
	text := func(what, s string, limit int) {
		if len(s) > limit || !utf8.ValidString(s) {
			t.Errorf("%s: %d bytes, %q", what, len(s), s)
		}
	}
	for _, f := range fans {
		if f.ID == "" || ids[f.ID] {
			t.Errorf("id %q is empty or used twice", f.ID)
		}
		ids[f.ID] = true
		text("name", f.Name, maxNameText)
		text("says", f.Says, maxText)
		for _, v := range []*float64{f.Reading, f.LowerNonCritical, f.LowerCritical, f.LowerFatal} {
			if v != nil && (math.IsNaN(*v) || math.IsInf(*v, 0)) {
				t.Errorf("%s: %g", f.ID, *v)
			}
		}
		if f.Reading != nil && (f.Presence != bmc.Present || f.Unit == "") {
			t.Errorf("a reading of a fan that is %s in %q", f.Presence, f.Unit)
		}
		if f.LowerCritical != nil && *f.LowerCritical == 0 {
			t.Error("a threshold of zero")
		}
	}
	for _, r := range sets {
		text("name", r.Name, maxNameText)
		text("says", r.Says, maxText)
	}
}

func FuzzRecord(f *testing.F) {
	answer := []byte{0x38, 0xc0, 0xc0, 0x80}
	for _, record := range [][]byte{
		tach(1, "FAN1"), other(1), duty(1, "Fan 1 DutyCycle"), share(discrete(1, typeFan, kindPresence, "Fan Present "), 4, 1),
		discrete(1, typeFan, kindRedundancy, "Fan Redundancy"), formulaRecord(shape{0x80, 18, 7, -1, 3, 7, -8}),
		share(discrete(0xfe, typeCooling, kindAvailability, "Zone"), 15|1<<4, 0x7f), entity(0x13, "FAN1"),
	} {
		f.Add(record, answer)
	}
	f.Fuzz(func(t *testing.T, record, answer []byte) {
		found := sensors(record)
		p := poll{}
		var all []reading
		for _, s := range found {
			r := reading{sensor: s, missing: "short"}
			if len(answer) >= 2 {
				r.missing = ""
				r.take(answer)
			}
			r = r.witnessed()
			r.contradicts()
			_ = r.String()
			all = append(all, r)
		}
		trustScanning(all)
		group := p.group(all)
		var known []string
		for _, m := range group.members {
			if len(answer)%2 == 0 {
				known = append(known, m.id)
			}
		}
		fans, sets := group.fans(known, bmc.PowerOn)
		checkFans(t, fans, sets)
		// What is kept is read back the same.
		m := memory{Version: memoryVersion, Repository: repository{Sensors: found, Read: time.Unix(1, 0).UTC()}}
		again := recall(m.store())
		if len(again.Repository.Sensors) != len(found) {
			t.Fatalf("%d sensors kept of %d", len(again.Repository.Sensors), len(found))
		}
		for i := range found {
			if !sameRecord(found[i], again.Repository.Sensors[i]) {
				t.Errorf("%+v is read back as %+v", found[i], again.Repository.Sensors[i])
			}
		}
	})
}

func FuzzEvent(f *testing.F) {
	b := sensorsOfEvents(f)
	for _, offset := range []byte{0x52, 0x59, 0x0f} {
		b.entry(typeFan, 0x41, kindThreshold, offset, 3, 5)
		b.entry(typeFan, 0x0c, 0x80|kindRedundancy, offset)
		b.entry(typeEntity, 0x13, kindOwn, offset&1)
	}
	for _, entry := range b.log {
		f.Add(entry)
	}
	p := poll{}
	var all []reading
	for _, record := range b.records {
		for _, s := range sensors(record) {
			all = append(all, reading{sensor: s})
		}
	}
	set := p.group(all)
	f.Fuzz(func(t *testing.T, entry []byte) {
		if len(entry) < entrySize {
			return
		}
		e, about := set.event(entry[:entrySize])
		switch {
		case !about:
			if e != (bmc.Event{}) {
				t.Errorf("%+v", e)
			}
		case e.Kind == "" || len(e.Text) > maxText || !utf8.ValidString(e.Text) || e.ID == "":
			t.Errorf("%+v", e)
		case (e.Fan == "") != (e.Kind == bmc.RedundancyLost || e.Kind == bmc.RedundancyRegained):
			t.Errorf("fan %q of %q", e.Fan, e.Kind)
		}
	})
}

// FuzzDatagram hands a datagram to a live session as it is, and again as the
// content of a packet that the controller itself has made.
func FuzzDatagram(f *testing.F) {
	good := []byte{0x81, 0x14, 0x6b, 0x20, 0x04, 0x2d, 0x00, 0x38, 0xc0, 0xc0, 0xf7}
	k := testKeys(suite17)
	f.Add(k.protect(suite17, 5, 9, good))
	f.Add(good)
	f.Add([]byte{6, 0, 0xff, 7, 6, 0xc0})
	f.Fuzz(func(t *testing.T, d []byte) {
		reading := request{netFn: netSensor, cmd: 0x2d}
		s := session{exchange: exchange{suite: suite17, consoleID: 5}, keys: k, accepted: 8, serial: 1}
		if data, ok := s.take(bytes.Clone(d), reading); ok && !bytes.Equal(data, good[6:10]) {
			t.Errorf("believed % x", data)
		}
		s = session{exchange: exchange{suite: suite17, consoleID: 5}, keys: k, accepted: 8, serial: 1}
		if len(d) < 60000 {
			if data, ok := s.take(k.protect(suite17, 5, 9, d), reading); ok && len(data) == 0 {
				t.Error("an answer without a completion code")
			}
		}
		e := vectorExchange(suite17, "")
		e.addressed(d)
		if _, ok := e.addressed(d); ok && len(d) >= 8 {
			e.opened(d)
			if _, proven := e.rakp2(d); proven && len(d) < 72 {
				t.Error("a short RAKP 2 proves the password")
			}
			e.rakp4(d)
		}
	})
}

// FuzzMemory hands any memory to a poll: it costs requests, never a reading.
func FuzzMemory(f *testing.F) {
	b := shelf(f)
	server := poll1(f, b.client(), bmc.Ask{Logs: true})
	f.Add([]byte(server.Memory))
	f.Add([]byte(`{"version":1,"repository":{"walk":{"next":3}}}`))
	f.Add([]byte(`{"version":1,"log":{"last":"AQACAQAAAAAgAAQBAAEAAAA=","behind":true}}`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		m := recall(stored)
		if !json.Valid(m.store()) {
			t.Error("the memory cannot be stored")
		}
		ctx := t.Context()
		server, err := read(ctx, &inside{board: shelf(t)}, "/dev/ipmi0", bmc.Ask{Memory: stored, Logs: true})
		if err != nil {
			t.Fatal(err)
		}
		checkFans(t, server.Fans, server.Redundancies)
	})
}

func FuzzInventory(f *testing.F) {
	f.Add(boardInventory)
	f.Add([]byte{1, 0, 1, 1, 1, 0, 0, 0, 1, 200, 0, 0xff})
	f.Fuzz(func(t *testing.T, image []byte) {
		b := newBoard(t)
		b.inventory = image
		p := poll{link: &inside{board: b}}
		p.inventory(t.Context())
		for _, s := range []string{p.memory.Identity.Manufacturer, p.memory.Identity.Model, p.memory.Identity.Serial} {
			if len(s) > maxNameText || !utf8.ValidString(s) {
				t.Errorf("%q", s)
			}
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add(byte(0x86), []byte("\x66\xe8\x02\xf0\x5c\x47"), true)
	f.Add(byte(0xc8), []byte("FAN\x00\x00"), false)
	f.Add(byte(0x04), []byte("F\x00A\x00"), true)
	f.Add(byte(0x43), []byte("\x12\xa3\xbc"), true)
	f.Fuzz(func(t *testing.T, kind byte, data []byte, wide bool) {
		s := text(kind, data, wide)
		if len(s) > maxNameText || !utf8.ValidString(s) || bytes.ContainsAny([]byte(s), "\x00\n\r\x1b") {
			t.Errorf("%q", s)
		}
	})
}
