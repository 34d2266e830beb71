package hardware

import (
	"cmp"
	"slices"
	"strings"
)

// Placed are the kinds of parts that somebody who opens a server looks for.
var Placed = []Kind{Supply, Module, Disk, Card, Port}

// Places are the parts of a kind as they are found in the server: by their place
// where a controller tells it, with what the node knows of their use, else by what
// the node calls them.
func (v Inventory) Places(k Kind) []string {
	var list List
	for _, l := range v.Lists {
		if l.Kind == k && l.Untold == "" && l.count() > 0 && (list.count() == 0 || list.Source == Node) {
			list = l
		}
	}
	own, _ := v.List(Node, k)
	var out []string
	for _, p := range list.present() {
		i := slices.IndexFunc(own.Parts, func(o Part) bool { return serial(o) != "" && serial(o) == serial(p) })
		name := ""
		if i >= 0 && list.Source != Node {
			name, p.Use = own.Parts[i].Name, cmp.Or(p.Use, own.Parts[i].Use)
		}
		out = append(out, p.placed(k, name))
	}
	return out
}

// placed is a part by its place. The serial number of a module is on its back, that
// of a port nowhere: they are left out.
func (p Part) placed(k Kind, name string) string {
	at := cmp.Or(p.Slot, p.Name, p.ID)
	var more []string
	if p.Size > 0 {
		more = append(more, sizeOf(k, p.Size))
	}
	if k == Card && p.Name != at {
		more = append(more, p.Name)
	}
	if serial(p) != "" && k != Module && k != Port {
		more = append(more, "serial "+p.Serial)
	}
	more = slices.DeleteFunc(append(more, name, p.Use), func(s string) bool { return s == "" })
	if len(more) == 0 {
		return at
	}
	return at + " (" + strings.Join(more, ", ") + ")"
}
