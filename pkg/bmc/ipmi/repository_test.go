package ipmi

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// last is the id of a board's last record.
func last(b *board) uint16 { return uint16(len(b.records)) }

// quirkTests are what boards do with their records.
var quirkTests = []struct {
	name string
	set  func(b *board)
}{
	{"whole records refused", func(b *board) { b.maxRead = 22 }},
	{"with 0xc7", func(b *board) { b.maxRead, b.maxReadCode = 16, 0xc7 }},
	{"with 0xc8", func(b *board) { b.maxRead, b.maxReadCode = 12, 0xc8 }},
	{"with 0xff", func(b *board) { b.maxRead, b.maxReadCode = 8, 0xff }},
	{"five bytes at once", func(b *board) { b.maxRead = 5 }},
	{"whole records not answered", func(b *board) {
		b.intercept = func(c asked) ([]byte, bool) { return nil, c.cmd == 0x23 && c.data[5] == 0xff }
	}},
	{"reservation lost now and then", func(b *board) { b.maxRead, b.loseEvery = 22, 7 }},
	{"no reservations", func(b *board) { b.noReserve, b.maxRead = true, 22 }},
	{"no repository info", func(b *board) { b.noInfo = true }},
	{"count too small", func(b *board) { b.fakeCount(3) }},
	{"count too great", func(b *board) { b.fakeCount(500) }},
	{"record ids echoed wrongly", func(b *board) {
		b.alterRecords(func(id uint16, answer []byte) []byte { answer[3] = 0x77; return answer })
	}},
	{"whole record shorter than the record", func(b *board) {
		b.alterRecords(func(_ uint16, answer []byte) []byte { return answer[:min(len(answer), 40)] })
	}},
	{"more than the record", func(b *board) {
		b.alterRecords(func(_ uint16, answer []byte) []byte { return append(answer, "more and more"...) })
	}},
	{"the last record has no end mark", func(b *board) {
		b.alterRecords(func(id uint16, answer []byte) []byte {
			if id == last(b) {
				binary.LittleEndian.PutUint16(answer[1:], 1)
			}
			return answer
		})
	}},
	{"the last record names itself", func(b *board) {
		b.alterRecords(func(id uint16, answer []byte) []byte {
			if id == last(b) {
				binary.LittleEndian.PutUint16(answer[1:], id)
			}
			return answer
		})
	}},
	{"the last record names zero", func(b *board) {
		b.alterRecords(func(id uint16, answer []byte) []byte {
			if id == last(b) {
				binary.LittleEndian.PutUint16(answer[1:], 0)
			}
			return answer
		})
	}},
	{"the last record names one that is not there", func(b *board) {
		b.alterRecords(func(id uint16, answer []byte) []byte {
			if id == last(b) {
				binary.LittleEndian.PutUint16(answer[1:], id+1)
			}
			return answer
		})
	}},
	{"a timeout after the last fan", func(b *board) {
		b.put(other(0x90))
		end := last(b)
		b.alterRecords(func(id uint16, answer []byte) []byte {
			if id == end {
				return []byte{0xc3}
			}
			return answer
		})
	}},
	{"vendor's own and locator records between", func(b *board) {
		b.put(append([]byte{0, 0, 0x51, 0xc0, 0}, make([]byte, 59)...), []byte{0, 0, 0x51, 0x12, 0, 0x20, 0, 0, 0})
	}},
}

// TestRepositoryQuirks: whatever a board does with its records, its fans are
// found, and nothing is said to be missing.
func TestRepositoryQuirks(t *testing.T) {
	for _, tt := range quirkTests {
		bubble(t, tt.name, func(t *testing.T) {
			b := shelf(t)
			tt.set(b)
			server := poll1(t, b.client(), bmc.Ask{})
			if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" || len(server.Gaps) > 0 {
				t.Errorf("%s %v\n%s", diff, server.Gaps, strings.Join(server.Evidence, "\n"))
			}
		})
	}
}

// alterRecords changes the answers to Get SDR that start a record.
func (b *board) alterRecords(change func(id uint16, answer []byte) []byte) {
	b.intercept = func(c asked) ([]byte, bool) {
		if c.netFn != netStorage || c.cmd != 0x23 || c.data[4] != 0 {
			return nil, false
		}
		answer := b.sdr(c.data)
		id := binary.LittleEndian.Uint16(c.data[2:])
		if answer[0] != 0 {
			return answer, true
		}
		return change(max(id, 1), answer), true
	}
}

func (b *board) fakeCount(n uint16) {
	b.intercept = func(c asked) ([]byte, bool) {
		if c.netFn != netStorage || c.cmd != 0x20 {
			return nil, false
		}
		answer := b.repositoryCommand(c.cmd, c.data)
		binary.LittleEndian.PutUint16(answer[2:], n)
		return answer, true
	}
}

// A repository in which every record names one more ends in a gap.
func TestEndlessRepository(t *testing.T) {
	b := shelf(t)
	b.intercept = func(c asked) ([]byte, bool) {
		if c.cmd != 0x23 {
			return nil, false
		}
		id := max(binary.LittleEndian.Uint16(c.data[2:]), 1)
		return append(binary.LittleEndian.AppendUint16([]byte{0}, id+1), b.records[0]...), true
	}
	server := poll1(t, b.client(), bmc.Ask{})
	if len(server.Gaps) != 1 || !strings.Contains(server.Gaps[0].Err.Error(), "no end") {
		t.Errorf("gaps %v", server.Gaps)
	}
	if n := b.count("0a/23"); n > maxRecords {
		t.Errorf("%d requests", n)
	}
}

// Records that go round before all were read hide fans: that is a gap until
// they can be read, and then the walk begins anew.
func TestRecordsGoRound(t *testing.T) {
	for _, back := range []uint16{0, 1, 2} {
		b := shelf(t)
		b.alterRecords(func(id uint16, answer []byte) []byte {
			if id == 2 {
				binary.LittleEndian.PutUint16(answer[1:], back)
			}
			return answer
		})
		server := poll1(t, b.client(), bmc.Ask{})
		if len(server.Gaps) != 1 || !server.Hides("0x41") || !strings.Contains(server.Gaps[0].Err.Error(), "comes again") {
			t.Errorf("back to %d: gaps %v", back, server.Gaps)
		}
		b.intercept = nil
		server = poll1(t, b.client(), bmc.Ask{Memory: server.Memory})
		if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" || len(server.Gaps) > 0 {
			t.Errorf("back to %d, repaired: %s %v", back, diff, server.Gaps)
		}
	}
}

// A reservation that is always lost must not be taken for ever.
func TestReservationAlwaysLost(t *testing.T) {
	b := shelf(t)
	b.maxRead, b.loseEvery = 22, 1
	server := poll1(t, b.client(), bmc.Ask{})
	if len(server.Gaps) != 1 || !strings.Contains(server.Gaps[0].Err.Error(), "reservation was lost") {
		t.Errorf("gaps %v", server.Gaps)
	}
	if n := b.count("0a/22"); n > maxReservations {
		t.Errorf("%d reservations", n)
	}
}
