package hardware

import (
	"cmp"
	"fmt"
	"strings"
)

// nouns are what a single part is called.
var nouns = map[Kind]string{Module: "DIMM", Processor: "processor", Card: "card", Disk: "disk", Port: "port", Supply: "power supply", Fan: "fan"}

// Text is the part for whoever stands before the server: what it is, where, and
// what is printed on it.
func (p Part) Text(k Kind) string {
	name := cmp.Or(p.Name, p.Slot, p.ID)
	noun := nouns[k]
	if noun != "" && !strings.HasPrefix(strings.ToLower(name), strings.ToLower(noun)) {
		name = noun + " " + name
	}
	var more []string
	if p.Slot != "" && p.Name != "" {
		more = append(more, "slot "+p.Slot)
	}
	if p.Size > 0 && k != Total {
		more = append(more, sizeOf(k, p.Size))
	}
	if p.Model != "" && p.Model != p.Name && k != Firmware {
		more = append(more, p.Model)
	}
	if p.Serial != "" {
		more = append(more, serialWord(k)+" "+p.Serial)
	}
	if p.Use != "" {
		more = append(more, p.Use)
	}
	if len(more) == 0 {
		return name
	}
	return name + " (" + strings.Join(more, ", ") + ")"
}

// Label is the part in few words.
func (p Part) Label(k Kind) string {
	return Part{ID: cmp.Or(p.Name, p.Slot, p.ID)}.Text(k)
}

func serialWord(k Kind) string {
	if k == Port {
		return "MAC"
	}
	return "serial"
}

// sizeOf puts bytes as they are printed on the part: disks count by thousands.
func sizeOf(k Kind, n int64) string {
	if k != Disk {
		return Memory(n)
	}
	switch {
	case n >= 1e12:
		return trim(float64(n)/1e12) + " TB"
	case n >= 1e9:
		return trim(float64(n)/1e9) + " GB"
	}
	return trim(float64(n)/1e6) + " MB"
}

// Memory is an amount of memory in words.
func Memory(n int64) string {
	if n < 1<<30 {
		return trim(float64(n)/(1<<20)) + " MiB"
	}
	return trim(float64(n)/(1<<30)) + " GiB"
}

// Rate is a speed of a link in words.
func Rate(bits int64) string {
	if bits >= 1e9 {
		return trim(float64(bits)/1e9) + " Gbit/s"
	}
	return trim(float64(bits)/1e6) + " Mbit/s"
}

// trim writes a number with at most two digits behind the point.
func trim(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
}
