package pve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// smartTime bounds the list of disks: the node asks each for its health.
const smartTime = 4 * time.Second

// Hardware asks a node that is online what it is made of, in four requests that
// an auditor may send. What one of them cannot tell is a list that is not told.
// The API tells of no link: "active" is what ip link calls UP, with and without a
// cable (pve-common, get_active_network_interfaces).
func (c *Client) Hardware(ctx context.Context, node string) hardware.Inventory {
	var v hardware.Inventory
	base := "/nodes/" + url.PathEscape(node)
	add := func(k hardware.Kind, parts []hardware.Part, err error) {
		l := hardware.List{Source: hardware.Node, Kind: k, Parts: parts}
		if err != nil {
			l.Untold = err.Error()
		}
		v.Lists = append(v.Lists, l)
	}
	board, err := c.board(ctx, base+"/status")
	for _, k := range []hardware.Kind{hardware.Total, hardware.Processor, hardware.Firmware} {
		add(k, board[k], err)
	}
	disks, err := c.disks(ctx, base+"/disks/list")
	add(hardware.Disk, disks, err)
	cards, err := partsOf(ctx, c, base+"/hardware/pci", cardsOf)
	add(hardware.Card, cards, err)
	ports, err := partsOf(ctx, c, base+"/network", portsOf)
	add(hardware.Port, ports, err)
	return v
}

// partsOf asks for a list and turns it into parts.
func partsOf[T any](ctx context.Context, c *Client, path string, of func([]T) []hardware.Part) ([]hardware.Part, error) {
	var parts []hardware.Part
	err := c.proxied(ctx, path, func(raw json.RawMessage) error {
		all, err := rows[T](raw)
		parts = of(all)
		return err
	})
	return parts, err
}

type boardDocument struct {
	Memory struct {
		Total number `json:"total"`
	} `json:"memory"`
	CPU struct {
		Sockets number `json:"sockets"`
		CPUs    number `json:"cpus"`
		Model   text   `json:"model"`
	} `json:"cpuinfo"`
	Kernel struct {
		Release text `json:"release"`
	} `json:"current-kernel"`
	Boot struct {
		Mode text `json:"mode"`
	} `json:"boot-info"`
}

// board reads memory and processors, kernel and boot mode.
func (c *Client) board(ctx context.Context, path string) (map[hardware.Kind][]hardware.Part, error) {
	var s boardDocument
	err := c.proxied(ctx, path, func(raw json.RawMessage) error {
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		if n := s.CPU.Sockets.value; s.Memory.Total.value <= 0 || n <= 0 || n > 64 || s.CPU.CPUs.value < 0 || s.CPU.CPUs.value > 1<<20 {
			return errors.New("it does not tell memory and processors")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.parts(), nil
}

// parts of the board. Which of several sockets is empty nobody tells.
func (s boardDocument) parts() map[hardware.Kind][]hardware.Part {
	out := map[hardware.Kind][]hardware.Part{hardware.Total: {{ID: "memory", Size: s.Memory.Total.value}}}
	n := int(s.CPU.Sockets.value)
	for i := range n {
		out[hardware.Processor] = append(out[hardware.Processor], hardware.Part{ID: fmt.Sprintf("%d of %d", i+1, n), Model: s.CPU.Model.name(), Count: int(s.CPU.CPUs.value) / n})
	}
	if v := s.Kernel.Release.name(); v != "" {
		out[hardware.Firmware] = append(out[hardware.Firmware], hardware.Part{ID: "kernel", Model: v})
	}
	if v := s.Boot.Mode.name(); v != "" {
		out[hardware.Firmware] = append(out[hardware.Firmware], hardware.Part{ID: "boot mode", Model: v})
	}
	return out
}

type diskRow struct {
	Path   text            `json:"devpath"`
	Type   text            `json:"type"`
	Vendor text            `json:"vendor"`
	Model  text            `json:"model"`
	Serial text            `json:"serial"`
	WWN    text            `json:"wwn"`
	Health text            `json:"health"`
	Size   number          `json:"size"`
	OSD    number          `json:"osdid"`
	OSDs   json.RawMessage `json:"osdid-list"`
}

// disks lists the disks with their health, and where that takes too long without.
func (c *Client) disks(ctx context.Context, path string) ([]hardware.Part, error) {
	ask := func(path string, limit time.Duration) ([]hardware.Part, error) {
		h := c.hosts[max(c.chosen, 0)]
		a, err := c.get(ctx, h, path, limit)
		if err != nil {
			return nil, err
		}
		all, err := rows[diskRow](a.data)
		return disksOf(all), odd(h, path, err)
	}
	limit := smartTime
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(end)/2)
	}
	parts, err := ask(path, limit)
	var e *Error
	if errors.As(err, &e) && e.Code == 0 && ctx.Err() == nil {
		return ask(path+"?skipsmart=1", proxiedTime)
	}
	return parts, err
}

// disksOf leaves out what the controller or a technician plugs in over USB, and
// counts a disk that is reached in two ways once.
func disksOf(all []diskRow) []hardware.Part {
	var out []hardware.Part
	for _, r := range all {
		name := strings.ToLower(string(r.Vendor) + " " + string(r.Model))
		if r.Path == "" || r.Size.value <= 0 || r.Type == "usb" || slices.ContainsFunc(virtualMedia, func(w string) bool { return strings.Contains(name, w) }) {
			continue
		}
		p := hardware.Part{ID: r.Path.name(), Name: r.Path.name(), Serial: told(r.Serial), Alias: told(r.WWN), Model: told(r.Model), Size: r.Size.value, Use: r.osds()}
		p.State, p.Says = health(r.Health.name())
		if p.Serial != "" && p.Alias != "" && slices.ContainsFunc(out, func(o hardware.Part) bool { return o.Serial == p.Serial && o.Alias == p.Alias }) {
			continue
		}
		out = append(out, p)
	}
	return out
}

// virtualMedia are the USB disks that controllers show to their host: "Virtual
// Floppy" (iDRAC, AMI), "Virtual HDisk0" (AMI), "LCDRIVE" (iDRAC).
var virtualMedia = []string{"virtual floppy", "virtual cd", "virtual_", "virtual hdisk", "virtual media", "idrac", "lcdrive"}

// told is a word of an inventory; Proxmox VE writes unknown where there is none.
func told(t text) string {
	if t == "unknown" {
		return ""
	}
	return t.name()
}

func (r diskRow) osds() string {
	var ids []number
	if json.Unmarshal(r.OSDs, &ids) != nil || len(ids) == 0 {
		if !r.OSD.set || r.OSD.value < 0 {
			return ""
		}
		ids = []number{r.OSD}
	}
	var names []int
	for _, id := range ids {
		names = append(names, int(id.value))
	}
	return phrase.OSDs(names)
}

// health is what smartctl says: PASSED (ATA), OK (SCSI), or something else. UNKNOWN!
// is that the disk did not answer it, SMART Disabled that it may not (PVE::Diskmanage).
func health(word string) (hardware.State, string) {
	switch strings.ToUpper(word) {
	case "", "UNKNOWN", "UNKNOWN!", "SMART DISABLED":
		return hardware.Untold, ""
	case "PASSED", "OK":
		return hardware.Good, ""
	}
	return hardware.Failed, "SMART says " + word
}

type cardRow struct {
	ID        text `json:"id"`
	Class     text `json:"class"`
	Vendor    text `json:"vendor"`
	Device    text `json:"device"`
	Name      text `json:"device_name"`
	Maker     text `json:"vendor_name"`
	SubVendor text `json:"subsystem_vendor"`
	SubDevice text `json:"subsystem_device"`
}

// noCard are PCI classes of what is no card: memory controllers, bridges, system
// peripherals, processors, signal processing, SMBus. Most the API leaves out by
// itself; the others come and go with firmware.
var noCard = []string{"05", "06", "08", "0b", "11", "0c05"}

// cardsOf makes one part of all functions of a device. Virtual functions are none
// of the hardware: they are made when drivers start.
func cardsOf(all []cardRow) []hardware.Part {
	var out []hardware.Part
	for _, r := range all {
		class := strings.TrimPrefix(string(r.Class), "0x")
		at, _, _ := strings.Cut(r.ID.name(), ".")
		if at == "" || slices.ContainsFunc(noCard, func(c string) bool { return strings.HasPrefix(class, c) }) ||
			strings.Contains(strings.ToLower(string(r.Name)), "virtual function") {
			continue
		}
		kind := fmt.Sprintf("%.4s %s:%s %s:%s", class, r.Vendor.name(), r.Device.name(), r.SubVendor.name(), r.SubDevice.name())
		if i := slices.IndexFunc(out, func(p hardware.Part) bool { return p.ID == at }); i >= 0 {
			out[i].Count++
			continue
		}
		out = append(out, hardware.Part{ID: at, Slot: at, Name: cmp.Or(r.Name.name(), r.Vendor.name()+":"+r.Device.name()), Type: kind, Count: 1})
	}
	return out
}
