package ipmi

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// maxNameText bounds the names that are kept.
const maxNameText = 200

// text decodes a string of a sensor record or an inventory: a type/length byte
// (IPMI 2.0, section 43.15) and what follows it. A string that is longer than
// its record is cut, because records are. wide says whether encoding 0 is
// Unicode, as in sensor records, or binary, as in an inventory.
func text(kind byte, data []byte, wide bool) string {
	length := int(kind & 0x1f)
	if !wide {
		length = int(kind & 0x3f)
	}
	data = data[:min(length, len(data))]
	switch kind >> 6 {
	case 0:
		if wide {
			return tidy(unicodeText(data))
		}
		return ""
	case 1:
		return tidy(bcdPlus(data))
	case 2:
		return tidy(sixBit(data))
	}
	// 8-bit ASCII and Latin 1; some boards pad with zeros (Fujitsu iRMC).
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return tidy(string(runes))
}

// unicodeText is UTF-16, least significant byte first. Boards that mean 8-bit
// text by encoding 0 are told by there being no zero byte in plain ASCII.
func unicodeText(data []byte) string {
	plain := true
	for _, b := range data {
		plain = plain && b >= 0x20 && b < 0x7f
	}
	if plain {
		return string(data)
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
	}
	return string(utf16.Decode(units))
}

// bcdPlus has two characters a byte, the high half first.
func bcdPlus(data []byte) string {
	const characters = "0123456789 -.:,_"
	var b strings.Builder
	for _, x := range data {
		b.WriteByte(characters[x>>4])
		b.WriteByte(characters[x&15])
	}
	return b.String()
}

// sixBit has four characters in three bytes, the low bits first, from space on.
func sixBit(data []byte) string {
	var b strings.Builder
	var held uint32
	bits := 0
	for _, x := range data {
		held |= uint32(x) << bits
		for bits += 8; bits >= 6; bits -= 6 {
			b.WriteByte(byte(held&0x3f) + 0x20)
			held >>= 6
		}
	}
	return b.String()
}

// tidy ends a string at its first zero, takes out what is not printable, and
// bounds its length.
func tidy(s string) string {
	if end := strings.IndexByte(s, 0); end >= 0 {
		s = s[:end]
	}
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	return phrase.Clip(strings.TrimSpace(s), maxNameText)
}
