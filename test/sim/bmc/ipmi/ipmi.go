// Package ipmi lets a [world.World] be asked over IPMI 2.0: RMCP+ on UDP, with
// accounts, sessions, sensor records, an event log and an inventory as a
// vendor's controller has them, and with faults of every layer.
//
// It is written from the specification ("IPMI v2.0 rev. 1.1"; section and table
// numbers in comments are its) and shares no code with the client that is
// tested against it.
package ipmi

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	hardware "github.com/noout-monitoring/noout/test/sim/machine"
)

// Config is one controller. World is the only field that must be set.
type Config struct {
	World  *world.World
	Vendor Vendor // empty: Generic
	Listen string // empty: 127.0.0.1:0
	// Accounts are who may log in.
	Accounts []Account
	// Machine is what the server is made of; nil: every sensor of a part says that
	// it is there.
	Machine *hardware.Machine
	// Kg is the key of the controller, at most 20 bytes; empty: none is set,
	// and the account's password takes its place.
	Kg string
	// Suites are the cipher suites it agrees to, of 3 and 17; nil: both.
	Suites []byte
	// Ignore are suites that it does not even answer to.
	Ignore []byte
	// Slots is how many sessions may be open at once; 0 means 4, which is what
	// every controller must have.
	Slots int
	// Idle ends a session that nobody uses, on the world's clock; 0 means 60 s.
	Idle time.Duration
	// Chunk is how many bytes of a sensor record fit in one answer; asked for
	// more, for instance for the whole record, it answers 0xca. 0: as the vendor
	// does, negative: any number.
	Chunk int
	// Records is about how many sensor records there are; 0 means 100.
	Records int
	// NeverCleared says that the event log was never cleared; otherwise that was
	// done before it left the factory.
	NeverCleared bool
	// Single says that there is no redundancy of fans.
	Single bool
	// AbsentCode is the completion code for a fan that is not there; 0: an
	// answer that says "reading unavailable".
	AbsentCode byte
}

// Account is a user of the controller.
type Account struct {
	Name, Password string
	Level          Level
}

// Level is a privilege level.
type Level byte

// Levels (table 6-2).
const (
	User     Level = 2
	Operator Level = 3
	Admin    Level = 4
)

// Server is a running controller.
type Server struct {
	// Address is where it listens, such as 127.0.0.1:40123.
	Address string

	config   Config
	conn     net.PacketConn
	closing  sync.Once
	finished chan struct{}

	mu       sync.Mutex
	stats    Stats
	question []byte // the last one, without what seals it
	sessions sessions
	machine  machine
	log      eventLog
	look     world.Snapshot // of the packet that is being answered
	reserved uint16         // of the sensor records
	late     map[*time.Timer]bool
	closed   bool
	watch    atomic.Pointer[func(Moment)]
	own      string        // who sent the packet to itself
	answered chan struct{} // closed when it came

	// What a script of the world changes, while the world is locked.
	forget   atomic.Bool
	breaking sync.Mutex
	faults   []*fault
}

// Serve runs a controller until it is closed.
func Serve(c Config) (*Server, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	conn, err := net.ListenPacket("udp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	s := &Server{
		Address: conn.LocalAddr().String(), config: c, conn: conn,
		finished: make(chan struct{}), stats: newStats(), late: map[*time.Timer]bool{},
	}
	s.sessions.open = map[uint32]*session{}
	s.observe()
	go s.listen()
	return s, nil
}

func (c *Config) fill() error {
	if c.World == nil {
		return errors.New("a controller needs a world")
	}
	if c.Vendor == "" {
		c.Vendor = Generic
	}
	if _, ok := shapes[c.Vendor]; !ok {
		return fmt.Errorf("no vendor is called %q: there are %q", c.Vendor, Vendors())
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Suites == nil {
		c.Suites = []byte{3, 17}
	}
	for _, number := range slices.Concat(c.Suites, c.Ignore) {
		if _, ok := suites[number]; !ok {
			return fmt.Errorf("cipher suite %d: there are 3 and 17", number)
		}
	}
	if c.Slots == 0 {
		c.Slots = 4
	}
	if c.Idle == 0 {
		c.Idle = time.Minute
	}
	if c.Chunk == 0 {
		c.Chunk = shapes[c.Vendor].chunk
	}
	if c.Records == 0 {
		c.Records = 100
	}
	if len(c.Kg) > 20 {
		return fmt.Errorf("the key of the controller has %d bytes: at most 20", len(c.Kg))
	}
	return nil
}

// Close stops the controller.
func (s *Server) Close() error {
	var err error
	s.closing.Do(func() {
		s.mu.Lock()
		s.closed = true
		for timer := range s.late {
			timer.Stop()
		}
		s.mu.Unlock()
		err = s.conn.Close()
		<-s.finished
	})
	return err
}

// listen answers packets one after the other, as a controller does.
func (s *Server) listen() {
	defer close(s.finished)
	buffer := make([]byte, 1<<16)
	for {
		n, peer, err := s.conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // such as a port that is unreachable: about another peer
		}
		s.mu.Lock()
		if !s.isOwn(peer) {
			s.moment(Came)
			s.packet(peer, slices.Clone(buffer[:n]))
		}
		s.mu.Unlock()
	}
}

// observe looks at the world, and brings everything up to date that follows
// from it: sessions end, records change, the event log grows.
func (s *Server) observe() {
	if s.forget.Swap(false) {
		s.stats = newStats()
		s.stats.MostSessions = len(s.sessions.open)
	}
	boots := s.look.Boots
	s.look = s.config.World.Look()
	if s.look.Boots != boots {
		s.sessions.clear()
	}
	s.sessions.expire(s.look.Time, s.config.Idle, &s.stats)
	s.machine.follow(s.config, s.look)
	s.log.follow(s)
}
