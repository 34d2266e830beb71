package ipmi

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/hardware"
)

// systemGUID asks for the GUID that a LAN handshake brings along. A controller
// without one has another identity, see inventory.
func (p *poll) systemGUID(ctx context.Context) (guid [16]byte, err error) {
	for _, r := range []request{
		{name: "Get System GUID", netFn: netApp, cmd: 0x37},
		{name: "Get Device GUID", netFn: netApp, cmd: 0x08},
	} {
		data, err := p.send(ctx, r)
		if err != nil && !refused(err) {
			return guid, err
		}
		if err == nil && len(data) < len(guid) {
			err = short(r.name, data, len(guid))
		}
		if err == nil {
			copy(guid[:], data)
			return guid, nil
		}
		p.note("%v", err)
	}
	return guid, nil
}

// uuid writes the controller's GUID as Redfish and SMBIOS write the same one.
// The specification wants it last byte first; nearly all vendors send it as
// SMBIOS keeps it (the first three fields last byte first), some as RFC 4122.
// What is told apart is where a valid version and variant are; SMBIOS order is
// taken where that tells nothing (HPE's are letters of the serial number).
func (p *poll) uuid() string {
	guid, err := hex.DecodeString(p.memory.GUID)
	if err != nil || len(guid) != 16 {
		return ""
	}
	plain := slices.Clone(guid)
	reversed := slices.Clone(guid)
	slices.Reverse(reversed)
	mixed := slices.Clone(guid)
	slices.Reverse(mixed[0:4])
	slices.Reverse(mixed[4:6])
	slices.Reverse(mixed[6:8])
	for _, order := range [][]byte{mixed, reversed, plain} {
		if version := order[6] >> 4; version >= 1 && version <= 5 && order[8]>>6 == 2 {
			return uuidText(order)
		}
	}
	return uuidText(mixed)
}

func uuidText(b []byte) string {
	return hardware.Written(fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]))
}

// maxInventory bounds what is read of an inventory.
const maxInventory = 1024

// inventory asks who made the controller and which machine it is in: a
// firmware version and the areas of inventory 0. It is asked when the sensor
// records are, and kept with them. Nothing of it is needed to judge a fan, so
// that failing is only noted.
func (p *poll) inventory(ctx context.Context) {
	p.memory.Inventory = true
	if data, err := p.send(ctx, request{name: "Get Device ID", netFn: netApp, cmd: 0x01}); err != nil {
		p.note("%v", err)
	} else if len(data) >= 4 {
		p.memory.Identity.Firmware = fmt.Sprintf("%d.%02x", data[2]&0x7f, data[3])
	}
	image, err := p.inventoryImage(ctx)
	if err != nil {
		p.note("inventory: %v", err)
		return
	}
	fields := inventoryFields(image)
	p.memory.Identity.Manufacturer = fields.Manufacturer
	p.memory.Identity.Model = fields.Model
	p.memory.Identity.Serial = fields.Serial
	p.note("inventory: %q %q, serial %q, firmware %s", fields.Manufacturer, fields.Model, fields.Serial, p.memory.Identity.Firmware)
}

// inventoryImage reads the common header and the areas it points to, up to
// the end of the last one.
func (p *poll) inventoryImage(ctx context.Context) ([]byte, error) {
	image, err := p.inventoryRead(ctx, nil, 8)
	if err != nil {
		return nil, err
	}
	for _, at := range areas(image) {
		if at+2 > len(image) {
			if image, err = p.inventoryRead(ctx, image, at+2); err != nil {
				return nil, err
			}
		}
		if image, err = p.inventoryRead(ctx, image, at+8*int(image[at+1])); err != nil {
			return nil, err
		}
	}
	return image, nil
}

// areas are the places of the chassis, board and product area that are there.
func areas(header []byte) []int {
	var found []int
	for _, where := range header[2:5] {
		if at := 8 * int(where); at > 0 && at+2 <= maxInventory {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found
}

// inventoryRead reads on until the image has size bytes.
func (p *poll) inventoryRead(ctx context.Context, image []byte, size int) ([]byte, error) {
	for size = min(size, maxInventory); len(image) < size; {
		data := append([]byte{0}, binary.LittleEndian.AppendUint16(nil, uint16(len(image)))...)
		data, err := p.send(ctx, request{name: "Read FRU Data", netFn: netStorage, cmd: 0x11, data: append(data, byte(min(size-len(image), 24)))})
		if err != nil {
			return nil, err
		}
		if len(data) < 2 || data[0] == 0 {
			return nil, fmt.Errorf("nothing at offset %d", len(image))
		}
		image = append(image, data[1:min(len(data), 1+int(data[0]))]...)
	}
	return image, nil
}

// inventoryFields reads manufacturer, model and serial number: of the product,
// else of the board, and the serial number of the chassis as a last resort.
func inventoryFields(image []byte) bmc.Identity {
	area := func(which, skip int) []string {
		if len(image) < 8 || image[which] == 0 {
			return nil
		}
		at := 8 * int(image[which])
		if at+skip > len(image) {
			return nil
		}
		return areaStrings(image[at+skip:])
	}
	chassis, board, product := area(2, 3), area(3, 6), area(4, 3)
	return bmc.Identity{
		Manufacturer: cmp.Or(field(product, 0), field(board, 0)),
		Model:        cmp.Or(field(product, 1), field(board, 1)),
		Serial:       cmp.Or(field(product, 4), field(board, 2), field(chassis, 1)),
	}
}

// areaStrings are the strings of an area, up to its end mark.
func areaStrings(data []byte) []string {
	var all []string
	for len(data) > 0 && data[0] != 0xc1 {
		length := int(data[0] & 0x3f)
		all = append(all, text(data[0], data[1:], false))
		data = data[min(1+length, len(data)):]
	}
	return all
}

func field(all []string, i int) string {
	if i >= len(all) {
		return ""
	}
	return hardware.Written(all[i])
}
