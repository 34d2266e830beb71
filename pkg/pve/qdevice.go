package pve

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// connected is the state of a daemon that qnetd answers.
const connected = "Connected"

// deviceOf reads /cluster/config/qdevice: what the daemon of the asked node
// says of itself. An empty object means that none runs there, not that there
// is no device. N is the number of nodes.
func deviceOf(raw json.RawMessage, n int) (Device, Daemon, error) {
	var list table[text]
	if err := json.Unmarshal(raw, &list); err != nil {
		return Device{}, Daemon{}, err
	}
	if len(list) == 0 {
		return Device{}, Daemon{Told: true}, nil
	}
	d := Device{Present: true, Algorithm: list["Algorithm"].name(), Host: list["QNetd host"].name()}
	daemon := Daemon{Told: true, State: list["State"].name()}
	if daemon.State == "" {
		daemon.State = "unknown"
	}
	// The last poll is the better evidence: a daemon may be connected and its
	// side not be chosen. Where it is not told the connection has to do.
	poll := string(list["Last poll call"])
	daemon.Casts = daemon.State == connected && (poll == "" || strings.Contains(poll, "(cast vote)"))
	votes, known := deviceVotes(d.Algorithm, n)
	d.Votes = votes
	if !known {
		return d, daemon, fmt.Errorf("the qdevice algorithm %q is not known", d.Algorithm)
	}
	return d, daemon, nil
}

// DeviceNode is the node that is the quorum device too, or on which a guest runs
// that is it, as far as names and addresses tell; empty for a machine of its own.
func (c Cluster) DeviceNode() string {
	for _, n := range c.Nodes {
		if c.Votes.Device.At(n.Name, n.IP) {
			return n.Name
		}
	}
	for _, g := range c.Guests {
		if n, _ := c.Node(g.Node); c.Votes.Device.At(g.Name) && n.Online && !g.Template && g.Status != "stopped" {
			return g.Node
		}
	}
	return ""
}

// addDevice takes the asked node's own word about the device.
func (c *Cluster) addDevice(raw json.RawMessage) error {
	d, daemon, err := deviceOf(raw, len(c.Votes.Voters))
	c.Votes.Device = d
	c.Votes.tell(c.Asked, daemon)
	return err
}

func (v *Votes) tell(node string, d Daemon) {
	for i := range v.Voters {
		if v.Voters[i].Node == node {
			v.Voters[i].Daemon = d
		}
	}
}

// KnownDevice is what is remembered of a quorum device. Nothing of it is
// forgotten by time: a device whose daemons are dead everywhere is told of by
// nobody, and its votes are expected all the same.
type KnownDevice struct {
	Seen      time.Time `json:"seen"`
	Algorithm string    `json:"algorithm,omitempty"`
	Host      string    `json:"host,omitempty"`
}

// UnmarshalJSON also reads what earlier releases wrote: only when it was seen.
func (k *KnownDevice) UnmarshalJSON(raw []byte) error {
	var seen time.Time
	if json.Unmarshal(raw, &seen) == nil {
		*k = KnownDevice{Seen: seen}
		return nil
	}
	type plain KnownDevice
	return json.Unmarshal(raw, (*plain)(k))
}

// device is the remembered device of a cluster of n nodes. One whose algorithm
// was not kept is taken for what pvecm qdevice setup makes: one vote for an
// even number of nodes, one less than the nodes for an odd one.
func (k *KnownDevice) device(n int) Device {
	d := Device{Present: true, Algorithm: k.Algorithm, Host: k.Host, Seen: k.Seen}
	votes, known := deviceVotes(k.Algorithm, n)
	switch {
	case known:
		d.Votes = votes
	case n%2 == 0:
		d.Votes = 1
	default:
		d.Votes = max(n-1, 0)
	}
	return d
}

// Overdue says whether the nodes are to be asked for their daemons although
// neither the asked one nor the memory knows of a device: once a day.
func (m Memory) Overdue(found Cluster, now time.Time) bool {
	return m.Device != nil || found.Votes.Device.Present || !recent(m.Asked, now, configAge)
}

// Daemons asks the nodes for their own connections to the quorum device, each
// with one small GET, all at once. Where a device is told of or remembered these
// are all that are online, at their names of -H or at the addresses the cluster
// gives; else only those named with -H, for one whose daemon the asked node
// lacks. What a node did not answer is left untold in its voter; only where two
// tell of different devices it is a gap.
func (c *Client) Daemons(ctx context.Context, found Cluster, m Memory) Cluster {
	if found.Standalone || !found.Votes.Known {
		return found
	}
	found.Votes.Voters, found.Gaps = slices.Clone(found.Votes.Voters), slices.Clone(found.Gaps)
	if m.Device != nil && !found.Votes.Device.Present {
		found.Votes.Device = m.Device.device(len(found.Votes.Voters))
	}
	c.fold(ctx, &found, c.named(found))
	if found.Votes.Device.Present {
		c.introduce(ctx, found)
		c.fold(ctx, &found, c.addressed(found))
	}
	found.Evidence = c.evidence
	return found
}

// station is where a node answers for itself.
type station struct {
	node string
	host host
}

// named are the stations of -H by the names or addresses of the nodes.
func (c *Client) named(found Cluster) []station {
	var out []station
	for _, n := range found.Nodes {
		if !n.Online || n.Name == found.Asked {
			continue
		}
		for i, h := range c.hosts {
			name := h.url.Hostname()
			short, _, _ := strings.Cut(name, ".")
			if c.locals[i] == n.Name || c.locals[i] == "" && (name == n.IP || strings.EqualFold(short, n.Name)) {
				out = append(out, station{n.Name, h})
				break
			}
		}
	}
	return out
}

// introduce asks the addresses of -H that are called otherwise than any node
// which node they are, as long as nodes are left of which nobody knows where
// they answer.
func (c *Client) introduce(ctx context.Context, found Cluster) {
	if len(c.named(found)) >= len(found.Online())-1 {
		return
	}
	var strange []int
	var asked []station
	for i, h := range c.hosts {
		known := slices.ContainsFunc(c.named(found), func(s station) bool { return s.host.name == h.name })
		if i != c.chosen && !known && c.locals[i] == "" {
			strange, asked = append(strange, i), append(asked, station{host: h})
		}
	}
	for k, a := range c.each(ctx, asked, pathStatus) {
		var who Cluster
		if a.err == nil && who.addStatus(a.data) == nil && who.Name == found.Name {
			c.locals[strange[k]] = who.Asked
		}
	}
}

// addressed are the stations of all nodes that did not answer yet, by -H or
// else by the addresses the cluster itself gives, at the port of the asked one.
func (c *Client) addressed(found Cluster) []station {
	out := c.named(found)
	for _, n := range found.Nodes {
		known := slices.ContainsFunc(out, func(s station) bool { return s.node == n.Name })
		ip, err := netip.ParseAddr(n.IP)
		if known || err != nil || !n.Online || n.Name == found.Asked {
			continue
		}
		h := c.hosts[max(c.chosen, 0)]
		u := *h.url
		u.Host = net.JoinHostPort(ip.String(), u.Port())
		out = append(out, station{n.Name, host{u.Host, &u, h.token}})
	}
	return slices.DeleteFunc(out, func(s station) bool {
		return !slices.ContainsFunc(found.Votes.Voters, func(v Voter) bool {
			return v.Node == s.node && !v.Daemon.Told && v.Daemon.Err == nil
		})
	})
}

// fold takes what the stations say.
func (c *Client) fold(ctx context.Context, found *Cluster, stations []station) {
	for i, a := range c.each(ctx, stations, pathDevice) {
		s := stations[i]
		if a.err != nil {
			found.Votes.tell(s.node, Daemon{Err: a.err})
			continue
		}
		d, daemon, err := deviceOf(a.data, len(found.Votes.Voters))
		now := found.Votes.Device
		switch {
		case !d.Present:
		case err == nil && (!now.Present || !now.Seen.IsZero()):
			found.Votes.Device = d
		case err == nil && (now.Algorithm != d.Algorithm || now.Host != d.Host):
			err = fmt.Errorf("it tells of the quorum device %s (%s), %s of %s (%s)", d.Host, d.Algorithm, found.Asked, now.Host, now.Algorithm)
		}
		if err != nil {
			found.Votes.Known = false
			found.Gaps = append(found.Gaps, Gap{Path: pathDevice, Node: s.node, Err: odd(s.host, pathDevice, err)})
		}
		found.Votes.tell(s.node, daemon)
	}
}

// said is one station's answer, or why there is none.
type said struct {
	answer
	err error
}

// each asks all stations at once: one that is silent costs its own bound only.
func (c *Client) each(ctx context.Context, stations []station, path string) []said {
	out := make([]said, len(stations))
	var wait sync.WaitGroup
	for i, s := range stations {
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() {
				if p := recover(); p != nil {
					out[i].err = fmt.Errorf("%s: %v", s.host.name, p)
				}
			}()
			out[i].answer, out[i].err = c.send(ctx, s.host, path, proxiedTime)
		}()
	}
	wait.Wait()
	for i, s := range stations {
		out[i].err = c.note(s.host, path, out[i].err)
	}
	return out
}
