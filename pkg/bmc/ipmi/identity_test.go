package ipmi

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// area makes an inventory area: version, length, what comes before the
// strings, the strings, the end mark.
func area(before int, texts ...string) []byte {
	a := append([]byte{1, 0}, make([]byte, before)...)
	for _, text := range texts {
		a = append(append(a, 0xc0|byte(len(text))), text...)
	}
	for a = append(a, 0xc1); len(a)%8 != 0; {
		a = append(a, 0)
	}
	a[1] = byte(len(a) / 8)
	return a
}

// inventoryOf puts areas behind a common header.
func inventoryOf(chassis, board, product []byte) []byte {
	header := []byte{1, 0, 0, 0, 0, 0, 0, 0}
	image := slices.Clone(header)
	for i, a := range [][]byte{chassis, board, product} {
		if a != nil {
			image[2+i] = byte(len(image) / 8)
			image = append(image, a...)
		}
	}
	return image
}

var boardInventory = inventoryOf(
	area(1, "PART", "CH-1"), area(4, "Board Maker", "BOARD-7", "BN-1"), area(1, "Acme", "Rack 7", "PN", "1.0", "SN-0042"))

func TestInventory(t *testing.T) {
	tests := []struct {
		name  string
		image []byte
		want  bmc.Identity
	}{
		{"everything", boardInventory, bmc.Identity{Manufacturer: "Acme", Model: "Rack 7", Serial: "SN-0042", Firmware: "2.41"}},
		{"no product", inventoryOf(nil, area(4, "Board Maker", "BOARD-7", "BN-1"), nil),
			bmc.Identity{Manufacturer: "Board Maker", Model: "BOARD-7", Serial: "BN-1", Firmware: "2.41"}},
		{"fillers", inventoryOf(area(1, "PART", "CH-1"), area(4, "Board Maker", "BOARD-7", "0000000000"),
			area(1, "To be filled by O.E.M.", "Default string", "", "", "0123456789")),
			bmc.Identity{Manufacturer: "Board Maker", Model: "BOARD-7", Serial: "CH-1", Firmware: "2.41"}},
		{"nothing", nil, bmc.Identity{Firmware: "2.41"}},
		{"areas beyond the end", []byte{1, 0, 9, 200, 255, 0, 0, 0}, bmc.Identity{Firmware: "2.41"}},
		{"cut", boardInventory[:len(boardInventory)-20], bmc.Identity{Firmware: "2.41"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := shelf(t)
			b.inventory = tt.image
			l := b.client()
			server := poll1(t, l, bmc.Ask{})
			want := tt.want
			want.UUID = "12345678-9abc-4df0-8102-030405060708"
			if diff := cmp.Diff(want, server.Identity); diff != "" {
				t.Error(diff)
			}
			before := b.count("0a/11") + b.count("06/01")
			server = repeat(t, l, server)
			if diff := cmp.Diff(want, server.Identity); diff != "" {
				t.Error(diff)
			}
			if n := b.count("0a/11") + b.count("06/01") - before; n != 0 {
				t.Errorf("asked %d times more in the second run", n)
			}
		})
	}
}

func TestUUID(t *testing.T) {
	tests := map[string]struct{ guid, want string }{
		"as SMBIOS has it":       {"78563412bc9af04d8102030405060708", "12345678-9abc-4df0-8102-030405060708"},
		"as IPMI wants it":       {"0807060504030281f04dbc9a78563412", "12345678-9abc-4df0-8102-030405060708"},
		"as RFC 4122 has it":     {"123456789abc4df08102030405060708", "12345678-9abc-4df0-8102-030405060708"},
		"without version":        {"00112233445566778899aabbccddeeff", "33221100-5544-7766-8899-aabbccddeeff"},
		"zeros":                  {"00000000000000000000000000000000", ""},
		"ones":                   {"ffffffffffffffffffffffffffffffff", ""},
		"the same on each board": {"00020003000400050006000700080009", ""},
		"none":                   {"", ""},
	}
	for name, tt := range tests {
		p := poll{memory: memory{GUID: tt.guid}}
		if got := p.uuid(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	var guid [16]byte
	copy(guid[:], "771094M274004W81")
	p := poll{memory: memory{GUID: hex.EncodeToString(guid[:])}}
	if got := p.uuid(); got != "30313737-3439-324d-3734-303034573831" {
		t.Errorf("letters of a serial number: %q", got)
	}
}
