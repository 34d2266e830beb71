package pve

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/regex"
)

// Interface is a network interface as the guest itself reports it.
type Interface struct {
	Name      string
	MAC       string // upper case
	Addresses []netip.Addr
}

// interfaceRow is one of network-get-interfaces of the guest agent, and of
// the list of a container, which has one address of each family and from 8.4
// on all of them.
type interfaceRow struct {
	Name   text `json:"name"`
	MAC    text `json:"hardware-address"`
	HwAddr text `json:"hwaddr"`
	Inet   text `json:"inet"`
	Inet6  text `json:"inet6"`
	IPs    []struct {
		Address text `json:"ip-address"`
	} `json:"ip-addresses"`
}

// Interfaces asks a running guest for its interfaces: a virtual machine
// through its agent, which takes up to 3 s and needs VM.GuestAgent.Audit (9.0
// and later) or VM.Monitor (before), a container through its node (after 8.0).
// The error says which it was: an agent that is not configured, not running or
// not allowed is the normal case, and says nothing about the guest.
func (c *Client) Interfaces(ctx context.Context, g Guest) ([]Interface, error) {
	path := fmt.Sprintf("/nodes/%s/%s/%d/", url.PathEscape(g.Node), g.Kind, g.ID)
	var found []Interface
	if g.Kind == Container {
		err := c.proxied(ctx, path+"interfaces", func(raw json.RawMessage) (err error) {
			found, err = interfaces(raw)
			return err
		})
		return found, err
	}
	err := c.proxied(ctx, path+"agent/network-get-interfaces", func(raw json.RawMessage) error {
		var answer struct {
			Result json.RawMessage `json:"result"`
		}
		err := json.Unmarshal(raw, &answer)
		if err == nil && len(answer.Result) > 0 {
			found, err = interfaces(answer.Result)
		}
		return err
	})
	return found, err
}

func interfaces(raw json.RawMessage) ([]Interface, error) {
	if string(raw) == "null" { // a container that is stopped
		return nil, nil
	}
	list, err := rows[interfaceRow](raw)
	out := make([]Interface, 0, len(list))
	for _, r := range list {
		i := Interface{Name: r.Name.name(), MAC: strings.ToUpper(cmp.Or(r.MAC, r.HwAddr).name())}
		texts := []text{r.Inet, r.Inet6}
		if len(r.IPs) > 0 {
			texts = nil // the others hold the last of these only
		}
		for _, ip := range r.IPs {
			texts = append(texts, ip.Address)
		}
		for _, t := range texts {
			plain, _, _ := strings.Cut(string(t), "/")
			if a, err := netip.ParseAddr(plain); err == nil {
				i.Addresses = append(i.Addresses, a)
			}
		}
		out = append(out, i)
	}
	return out, err
}

// inner are interfaces that guests make for themselves. Windows calls the
// guest's own "Local Area Connection", and "vEthernet (...)" with a switch of
// Hyper-V before it.
var inner = regex.Of(`^(?i:lo\d*$|docker|veth[0-9a-f]+(?:@.*)?$|virbr|vnet\d|podman|cni|cali|flannel|kube|lxc|lxd|tailscale|wg|zt|tun|tap|isatap|teredo)`)

// Addresses are those at which a guest ought to answer, the best first: what
// its configuration gives it, that of the card with the gateway before the
// others, else what the guest reports for these cards. Of what it reports
// loopback and link-local addresses are none, nor are those of interfaces that
// guests make for themselves. A bridge with a card's own MAC is the card's:
// OpenWrt has its address on br-lan.
func Addresses(config Config, reported []Interface) []netip.Addr {
	nics := slices.Clone(config.NICs)
	slices.SortStableFunc(nics, func(a, b NIC) int { return boolean(b.Gateway) - boolean(a.Gateway) })
	var out []netip.Addr
	for _, n := range nics {
		out = append(out, n.Addresses...)
	}
	if len(out) > 0 {
		return out
	}
	for _, n := range nics {
		for _, i := range reported {
			if n.MAC != "" && i.MAC == n.MAC && !inner.MatchString(i.Name) {
				for _, a := range i.Addresses {
					out = append(out, usable(a)...)
				}
			}
		}
	}
	return out
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

func usable(a netip.Addr) []netip.Addr {
	if a = a.Unmap(); a.IsLoopback() {
		return nil
	}
	return global(a)
}

// global addresses mean one host wherever they are asked from.
func global(a netip.Addr) []netip.Addr {
	a = a.Unmap()
	if !a.IsValid() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() {
		return nil
	}
	return []netip.Addr{a.WithZone("")}
}
