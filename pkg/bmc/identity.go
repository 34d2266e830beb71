package bmc

import (
	"strings"

	"github.com/noout-monitoring/noout/pkg/hardware"
)

// Same says whether two polls looked at one device: the same UUID, or the same
// serial number when one of them has no UUID. A poll that could not read any
// identity is taken to have looked at the device it was sent to.
func (i Identity) Same(o Identity) bool {
	a, b := i.uuid(), o.uuid()
	s, t := i.serial(), o.serial()
	switch {
	case a != "" && b != "" && a == b:
		return true
	case s != "" && t != "":
		return s == t
	case a != "" && b != "":
		return false
	}
	return a+s == "" || b+t == ""
}

// Subject names the memory of the device; empty when the device says nothing
// that could name it.
func (i Identity) Subject() string {
	if u := i.uuid(); u != "" {
		return u
	}
	return i.serial()
}

func (i Identity) serial() string { return hardware.Written(i.Serial) }

func (i Identity) uuid() string { return strings.ToLower(hardware.Written(i.UUID)) }
