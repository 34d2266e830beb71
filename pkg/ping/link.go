package ping

import (
	"net/netip"
	"time"
)

// network is where the packets go: the sockets of this machine, or what a test
// puts in their place, with its own time.
type network interface {
	// open makes a link. An error says why there is none for this family.
	open(family, setup) (link, error)
	// now is the time since some fixed moment. No clock is set back in it.
	now() time.Duration
	// wait returns when something has arrived on a link, or after d.
	wait(links []link, d time.Duration) error
}

// setup is what a link has to know.
type setup struct {
	size         int // of a whole message
	dontFragment bool
	id           uint16
	// roomy links have as much room for what arrives as the system gives:
	// what was held up comes all at once.
	roomy bool
}

// link carries ICMP messages of one family. Nothing of it ever blocks.
type link interface {
	// id that the requests must have, 0 when the kernel puts in its own.
	id() uint16
	// send hands over messages in this order and returns how many were taken.
	// When it took none the error, a [syscall.Errno], is about the first.
	send([]outgoing) (int, error)
	// receive hands over everything that has arrived. What is handed over is
	// valid during the call only.
	receive(got func(incoming)) error
	// complaints hands over the errors that came back.
	complaints(got func(complaint)) error
	// losses of this machine so far.
	losses() (losses, error)
	close() error
	// String says what it is.
	String() string
}

// losses are messages that came to nothing on this machine.
type losses struct {
	// in: they arrived, and nobody read them in time.
	in int
	// out: they were taken and then discarded, and sending did not say so.
	// Other programs' may be among them.
	out int
}

type outgoing struct {
	message []byte
	to      netip.Addr
}

type incoming struct {
	message []byte
	from    netip.Addr
	at      time.Duration
	// corrupt messages have a wrong checksum.
	corrupt bool
}

// complaint is an error that came back for a message of ours.
type complaint struct {
	message
	to     netip.Addr // where the message was sent
	by     netip.Addr // who sent the error, the zero Addr for this machine
	mtu    int        // for a message that was too big
	quoted []byte     // beginning of the message
}
