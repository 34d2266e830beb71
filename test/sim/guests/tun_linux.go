package guests

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// TUN is a network interface of the kernel behind which the guests are. It
// exists in the network namespace of the thread that opened it, until it is
// closed.
type TUN struct {
	file  *os.File
	world *World
	began time.Time
	done  sync.WaitGroup

	mu      sync.Mutex
	errs    []error
	silence map[netip.Addr]silence
}

// silence of a guest, as it was.
type silence struct{ last, longest time.Duration }

// OpenTUN makes an interface and serves it. The caller gives it addresses and
// brings it up. It needs CAP_NET_ADMIN.
func OpenTUN(name string, world *World) (*TUN, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making interface %s: %w", name, err), unix.Close(fd))
	}
	t := &TUN{file: os.NewFile(uintptr(fd), "tun"), world: world, began: time.Now(), silence: map[netip.Addr]silence{}}
	t.done.Add(1)
	go t.serve()
	return t, nil
}

// Now is the time since the world began, by which its guests live.
func (t *TUN) Now() time.Duration { return time.Since(t.began) }

// World behind the interface.
func (t *TUN) World() *World { return t.world }

// serve reads what the kernel sends and writes what comes back when it is
// time.
func (t *TUN) serve() {
	defer t.done.Done()
	b := make([]byte, 65536)
	for {
		n, err := t.file.Read(b)
		if err != nil {
			t.note(err)
			return
		}
		for _, d := range t.world.Send(t.Now(), b[:n]) {
			wait := d.At - t.Now()
			if wait <= 0 {
				t.write(d.Packet)
				continue
			}
			t.done.Add(1)
			time.AfterFunc(wait, func() {
				defer t.done.Done()
				t.write(d.Packet)
			})
		}
	}
}

// Silence is the longest time between two answers of a guest. Where this
// machine was held up it is longer than the guest should have been away.
func (t *TUN) Silence(a netip.Addr) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.silence[a].longest
}

func (t *TUN) write(raw []byte) {
	if _, err := t.file.Write(raw); err != nil {
		t.note(err)
		return
	}
	p, ok := parse(raw)
	if !ok {
		return
	}
	now := t.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	s, heard := t.silence[p.from]
	if heard {
		s.longest = max(s.longest, now-s.last)
	}
	s.last = now
	t.silence[p.from] = s
}

// note keeps an error, unless it says that the device was closed or is down,
// as a test may want it.
func (t *TUN) note(err error) {
	if errors.Is(err, fs.ErrClosed) || errors.Is(err, unix.EIO) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errs = append(t.errs, err)
}

// Close removes the interface, and returns what went wrong while it was there.
func (t *TUN) Close() error {
	err := t.file.Close()
	t.done.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return errors.Join(append(t.errs, err)...)
}
