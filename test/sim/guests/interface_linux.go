package guests

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Up brings an interface of this network namespace up, with an IPv4 address
// unless the prefix is the zero one. It asks the kernel itself, because not
// every machine has the ip command. It needs CAP_NET_ADMIN.
func Up(name string, prefix netip.Prefix) (err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bringing interface %s up: %w", name, err)
	}
	defer func() { err = errors.Join(err, unix.Close(fd)) }()
	if prefix.IsValid() {
		mask := net.CIDRMask(prefix.Bits(), 32)
		if err := set(fd, name, unix.SIOCSIFADDR, prefix.Addr().AsSlice()); err != nil {
			return err
		}
		if err := set(fd, name, unix.SIOCSIFNETMASK, mask); err != nil {
			return err
		}
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
	}
	if err != nil {
		return fmt.Errorf("bringing interface %s up: %w", name, err)
	}
	return nil
}

func set(fd int, name string, what uint, address []byte) error {
	request, err := unix.NewIfreq(name)
	if err == nil {
		err = request.SetInet4Addr(address)
	}
	if err == nil {
		err = unix.IoctlIfreq(fd, what, request)
	}
	if err != nil {
		return fmt.Errorf("giving interface %s the address %s: %w", name, net.IP(address), err)
	}
	return nil
}
