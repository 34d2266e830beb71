package ceph

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// Rank is one rank of one file system.
type Rank struct {
	FS   int `json:"fs"`
	Rank int `json:"rank"`
	// Holder is the MDS that has it, empty when none does.
	Holder string `json:"holder"`
	// State of the holder: up:active, up:replay, ...
	State string `json:"state"`
	// Dead holders have been silent for longer than mds_beacon_grace, and no
	// other MDS could take the rank. Ceph says HEALTH_OK all the same (seen on
	// 16.2.15: "1/1 daemons up" 66 s after the only MDS was killed).
	Dead bool `json:"dead"`
	// Followers are in standby-replay for this rank, and for no other. Dead ones
	// are left out.
	Followers []string `json:"followers"`
}

// Dead are the ranks that nobody serves.
func (f FS) Dead() []Rank {
	return slices.DeleteFunc(slices.Clone(f.Held), func(r Rank) bool { return !r.Dead })
}

// Free are the MDS that would take any rank: those of Daemons that neither hold
// nor follow one.
func (f FS) Free() []Daemon {
	return slices.DeleteFunc(slices.Clone(f.Daemons), func(d Daemon) bool {
		return slices.ContainsFunc(f.Held, func(r Rank) bool {
			return r.Holder == d.Name || slices.Contains(r.Followers, d.Name)
		})
	})
}

// Daemon finds an MDS by its name.
func (f FS) Daemon(name string) (Daemon, bool) {
	return first(f.Daemons, func(d Daemon) bool { return d.Name == name })
}

// seat is an MDS with what it does for a rank.
type seat struct {
	fs, rank    int
	name, state string
	laggy       bool
}

// held puts the seats of a rank together: one holder and its followers. An MDS
// that is dead does not count where another one serves the rank.
func held(seats []seat) []Rank {
	var out []Rank
	for _, s := range seats {
		i := slices.IndexFunc(out, func(r Rank) bool { return r.FS == s.fs && r.Rank == s.rank })
		if i < 0 {
			i = len(out)
			out = append(out, Rank{FS: s.fs, Rank: s.rank, Dead: true})
		}
		switch r := &out[i]; {
		case strings.HasSuffix(s.state, "standby-replay"):
			if !s.laggy {
				r.Followers = append(r.Followers, s.name)
			}
		case r.Holder == "" || r.Dead && !s.laggy:
			r.Holder, r.State, r.Dead = s.name, s.state, s.laggy
		}
	}
	slices.SortStableFunc(out, func(a, b Rank) int { return cmp.Or(a.FS-b.FS, a.Rank-b.Rank) })
	return out
}

type wireFSMap struct {
	Ranks list[struct {
		FS     number `json:"filesystem_id"`
		Rank   number `json:"rank"`
		Name   text   `json:"name"`
		Status text   `json:"status"`
	}] `json:"by_rank"`
	Standbys number `json:"up:standby"`
}

// facts reads who has which rank. What is wrong with an MDS stands in words
// behind its state: "up:active(laggy or crashed)".
func (w wireFSMap) facts() *FS {
	var seats []seat
	for i, r := range w.Ranks.rows {
		state, note, _ := strings.Cut(string(r.Status), "(")
		s := seat{fs: r.FS.count(), rank: -1 - i, name: r.Name.name(), state: phrase.Clip(strings.TrimSpace(state), maxName)}
		if rank, ok := r.Rank.integer(); ok {
			s.rank = rank
		}
		s.laggy = strings.Contains(note, "laggy") || strings.Contains(note, "crashed")
		seats = append(seats, s)
	}
	f := &FS{Held: held(seats), Standbys: w.Standbys.count()}
	f.Ranks = len(f.Held) + w.Ranks.odd
	return f
}

// wireFS is fs dump.
type wireFS struct {
	Standbys    list[wireMDS] `json:"standbys"`
	FileSystems list[struct {
		ID  number `json:"id"`
		Map part[struct {
			Info table[wireMDS] `json:"info"`
		}] `json:"mdsmap"`
	}] `json:"filesystems"`
}

type wireMDS struct {
	Name  text   `json:"name"`
	Addr  text   `json:"addr"`
	Rank  number `json:"rank"`
	State text   `json:"state"`
	Laggy text   `json:"laggy_since"`
}

// addFS takes the names and addresses of all MDS. Either document may say that
// one is dead; both count the same ranks.
func (c *Cluster) addFS(w wireFS) {
	if c.FS == nil {
		return // without status nobody knows how many ranks there are
	}
	fs := &FS{Ranks: c.FS.Ranks, Held: c.FS.Held, Standbys: len(w.Standbys.rows), Daemons: []Daemon{}}
	add := func(m wireMDS) {
		if m.Name != "" {
			fs.Daemons = append(fs.Daemons, Daemon{Name: m.Name.name(), addr: bareIP(string(m.Addr))})
		}
	}
	var seats []seat
	for _, f := range w.FileSystems.rows {
		for _, id := range slices.Sorted(maps.Keys(f.Map.value.Info.rows)) {
			m := f.Map.value.Info.rows[id]
			add(m)
			s := seat{fs: f.ID.count(), rank: -1 - len(seats), name: m.Name.name(), state: m.State.name(), laggy: !stamp(m.Laggy).IsZero()}
			if rank, ok := m.Rank.integer(); ok {
				s.rank = rank
			}
			seats = append(seats, s)
		}
	}
	fs.Held = fs.agree(held(seats))
	if fs.Ranks == 0 {
		fs.Ranks = len(fs.Held) // status knows of none, and they are there
	}
	for _, m := range w.Standbys.rows {
		add(m)
	}
	c.FS = fs
}

// agree joins what status and fs dump say of the ranks, the worse of both.
func (f *FS) agree(dumped []Rank) []Rank {
	if len(f.Held) == 0 {
		return dumped
	}
	out := slices.Clone(f.Held)
	for i, r := range out {
		for _, d := range dumped {
			if d.FS == r.FS && d.Rank == r.Rank && d.Holder == r.Holder {
				out[i].Dead = r.Dead || d.Dead
			}
		}
	}
	return out
}
