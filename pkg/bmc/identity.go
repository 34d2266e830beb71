package bmc

import (
	"slices"
	"strings"
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

func (i Identity) serial() string {
	s := strings.TrimSpace(i.Serial)
	if junk(strings.ToLower(s)) {
		return ""
	}
	return s
}

// junk says whether this is what boards say that were never given a serial
// number. Every run asks, so it is no expression, which would be compiled first.
func junk(s string) bool {
	switch s {
	case "na", "n/a", "none", "null", "unknown", "not specified", "not available", "not applicable", "empty":
		return true
	}
	for _, one := range []string{"0", "x", "."} {
		if strings.Trim(s, one) == "" {
			return true
		}
	}
	for _, begin := range []string{"default", "to be filled", "system serial", "chassis serial", "123456789", "0123456789"} {
		if strings.HasPrefix(s, begin) {
			return true
		}
	}
	return false
}

// uuid leaves out those that are no identity: all zeros, all ones, and placeholders.
func (i Identity) uuid() string {
	u := strings.ToLower(strings.TrimSpace(i.UUID))
	digits := strings.ReplaceAll(u, "-", "")
	if strings.Trim(digits, "0") == "" || strings.Trim(digits, "f") == "" || slices.Contains(placeholders, u) {
		return ""
	}
	return u
}

// placeholders are AMI's, in both byte orders: boards that were never given a
// UUID share them.
var placeholders = []string{"03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009"}
