package journal

import "time"

// Kind says what happened. docs/journal.md describes every kind for people.
type Kind string

// The kinds, and what each tells. Their names and fields are read by programs
// of others: they stay as they are for as long as [Version] does.
const (
	KindFanDropped    Kind = "fan_dropped"
	KindFanFailed     Kind = "fan_failed"
	KindFanBack       Kind = "fan_back"
	KindAcknowledged  Kind = "acknowledged"
	KindPartReplaced  Kind = "part_replaced"
	KindPartMissing   Kind = "part_missing"
	KindPartNew       Kind = "part_new"
	KindNooutSet      Kind = "noout_set"
	KindNooutGone     Kind = "noout_gone"
	KindOSDDown       Kind = "osd_down"
	KindOSDUp         Kind = "osd_up"
	KindPGInactive    Kind = "pg_inactive"
	KindPGActive      Kind = "pg_active"
	KindCopiesFew     Kind = "copies_few"
	KindCopiesWhole   Kind = "copies_whole"
	KindNodeOffline   Kind = "node_offline"
	KindNodeOnline    Kind = "node_online"
	KindHAMaintenance Kind = "ha_maintenance"
	KindQuorumLost    Kind = "quorum_lost"
	KindQuorumBack    Kind = "quorum_back"
	KindGuestListed   Kind = "guest_listed"
	KindGuestMoved    Kind = "guest_moved"
	KindGuestSilent   Kind = "guest_silent"
	KindGuestAnswers  Kind = "guest_answers"
	KindGap           Kind = "gap"
	KindGuestStopped  Kind = "guest_stopped"
	KindAsked         Kind = "asked"
	KindObserved      Kind = "observed"
	KindTold          Kind = "told"
)

// Fact is what an entry of one kind tells beside when, where and of whom.
type Fact interface{ Kind() Kind }

// kinds maps each kind to an empty fact of it.
var kinds = map[Kind]func() Fact{
	KindFanDropped:    func() Fact { return &FanDropped{} },
	KindFanFailed:     func() Fact { return &FanFailed{} },
	KindFanBack:       func() Fact { return &FanBack{} },
	KindAcknowledged:  func() Fact { return &Acknowledged{} },
	KindPartReplaced:  func() Fact { return &PartReplaced{} },
	KindPartMissing:   func() Fact { return &PartMissing{} },
	KindPartNew:       func() Fact { return &PartNew{} },
	KindNooutSet:      func() Fact { return &NooutSet{} },
	KindNooutGone:     func() Fact { return &NooutGone{} },
	KindOSDDown:       func() Fact { return &OSDDown{} },
	KindOSDUp:         func() Fact { return &OSDUp{} },
	KindPGInactive:    func() Fact { return &PGInactive{} },
	KindPGActive:      func() Fact { return &PGActive{} },
	KindCopiesFew:     func() Fact { return &CopiesFew{} },
	KindCopiesWhole:   func() Fact { return &CopiesWhole{} },
	KindNodeOffline:   func() Fact { return &NodeOffline{} },
	KindNodeOnline:    func() Fact { return &NodeOnline{} },
	KindHAMaintenance: func() Fact { return &HAMaintenance{} },
	KindQuorumLost:    func() Fact { return &QuorumLost{} },
	KindQuorumBack:    func() Fact { return &QuorumBack{} },
	KindGuestListed:   func() Fact { return &GuestListed{} },
	KindGuestMoved:    func() Fact { return &GuestMoved{} },
	KindGuestSilent:   func() Fact { return &GuestSilent{} },
	KindGuestAnswers:  func() Fact { return &GuestAnswers{} },
	KindGap:           func() Fact { return &Gap{} },
	KindGuestStopped:  func() Fact { return &GuestStopped{} },
	KindAsked:         func() Fact { return &Asked{} },
	KindObserved:      func() Fact { return &Observed{} },
	KindTold:          func() Fact { return &Told{} },
}

// FanDropped: fans stood still and turned again. The entry's At is the start.
type FanDropped struct {
	Fans []string `json:"fans"`
	// Ended is when they turned again; zero when nobody knows.
	Ended time.Time `json:"ended,omitzero"`
	// Logged says that the controller's own log dates it, not only our polls.
	Logged bool `json:"logged,omitempty"`
}

// FanFailed: a fan is down, or missing, and stays so.
type FanFailed struct {
	Fan string `json:"fan"`
}

// FanBack: a fan that was down turns again.
type FanBack struct {
	Fan string `json:"fan"`
}

// Acknowledged: an operator closed drop-outs.
type Acknowledged struct {
	User   string `json:"user"`
	Text   string `json:"text"`
	Closed int    `json:"closed"`
}

// PartReplaced: the same place holds another part.
type PartReplaced struct {
	Part string `json:"part"`
	Was  string `json:"was,omitempty"`
	Now  string `json:"now,omitempty"`
}

// PartMissing: a part of the server is not there that was there before the work.
type PartMissing struct {
	Part string `json:"part"`
}

// PartNew: a part is there that was not.
type PartNew struct {
	Part string `json:"part"`
}

// NooutSet: OSDs that are down are not to be marked out. Scope is "cluster",
// or what it was set for.
type NooutSet struct {
	Scope string `json:"scope"`
}

// NooutGone: that ended.
type NooutGone struct {
	Scope string `json:"scope"`
}

// OSDDown: OSDs do not run. The entry's Node is their host, as CRUSH names it.
type OSDDown struct {
	OSDs []int `json:"osds"`
}

// OSDUp: they run again.
type OSDUp struct {
	OSDs []int `json:"osds"`
}

// PGInactive: data could not be read or written.
type PGInactive struct {
	PGs   int  `json:"pgs"`
	Again bool `json:"again,omitempty"` // as that of NodeOffline
}

// PGActive: all of it can be again.
type PGActive struct{}

// CopiesFew: some data has fewer copies than it should.
type CopiesFew struct {
	// Least is the number of copies that is certain for all data of the pools
	// that keep whole copies, Of what they should have. Both are 0 when the
	// number is not known.
	Least int  `json:"least,omitempty"`
	Of    int  `json:"of,omitempty"`
	Again bool `json:"again,omitempty"` // as that of NodeOffline
}

// CopiesWhole: all data has all its copies again.
type CopiesWhole struct{}

// NodeOffline: a node left the cluster's partition.
type NodeOffline struct {
	// Again says that it is told anew because the poller's clock was set: Since is
	// since when it is seen so, by the clock as it is now, where that is known.
	Again bool `json:"again,omitempty"`
}

// NodeOnline: it is back in it.
type NodeOnline struct {
	// Again says that it is told anew because the poller's clock was set.
	Again bool `json:"again,omitempty"`
}

// HAMaintenance: HA was asked to empty a node, or to use it again.
type HAMaintenance struct {
	On bool `json:"on"`
}

// QuorumLost: the cluster had no majority.
type QuorumLost struct{}

// QuorumBack: it has one again.
type QuorumBack struct{}

// GuestListed: a guest is in the inventory, named as the entry's Guest says. One
// that is renamed or given to another pool is listed anew, and with the first
// look of a month all are: each month says by itself who there was.
type GuestListed struct {
	// Gone says that it is in the inventory no more.
	Gone bool `json:"gone,omitempty"`
	// Answers says that it has answered our pings before.
	Answers bool `json:"answers,omitempty"`
}

// GuestMoved: a guest changed its node. The entry's At is the end of the move.
type GuestMoved struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Started and Ended are those of Proxmox VE's task, by our clock; zero when
	// no task tells.
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// Live says that it ran meanwhile, nil that nobody knows.
	Live *bool `json:"live,omitempty"`
	// Task is the UPID; two who read the same task wrote the same entry.
	Task string `json:"task,omitempty"`
}

// Classes of silence.
const (
	ClassGuest     = "guest"     // one guest
	ClassNode      = "node"      // its node is down, or all of the node's guests are silent
	ClassMigration = "migration" // while it was moved
	ClassStart     = "start"     // it had just been started

	// A second vantage point was to be asked, and it answered there: no outage. It
	// ends what a silence of another class began.
	ClassPath = "path"
	// A second vantage point was to be asked, and could not tell. It is followed by
	// another class when it can, and nobody is told of it before.
	ClassUnconfirmed = "unconfirmed"
)

// GuestSilent: a guest that had answered did not.
type GuestSilent struct {
	Class string `json:"class"`
	// Again says that it is told anew, because the poller's clock was set or a month
	// has begun: Since is since when it is silent, by the clock as it is now.
	Again bool `json:"again,omitempty"`
}

// GuestAnswers: it answers again.
type GuestAnswers struct {
	// Again says that it is told anew because the poller's clock was set.
	Again bool `json:"again,omitempty"`
}

// Gap: for how long a guest gave no answer, measured by --watch, or by a run that
// caught it while it was moved.
type Gap struct {
	MS      float64 `json:"ms"`
	LeastMS float64 `json:"least_ms"`
	MostMS  float64 `json:"most_ms"`
	// Open gaps were not over when the measurement ended: MostMS is no bound.
	Open bool `json:"open,omitempty"`
	// From and Until bound the measurement, every EveryMS a packet.
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	EveryMS float64   `json:"every_ms"`
	// Moving says that the guest was moved meanwhile.
	Moving bool `json:"moving,omitempty"`
}

// GuestStopped: a guest was stopped. User is who asked for it, empty when
// nobody is known to have.
type GuestStopped struct {
	User string `json:"user,omitempty"`
}

// Answers of gates.
const (
	AnswerYes       = "yes"
	AnswerYesBut    = "yes-but"
	AnswerNo        = "no"
	AnswerNotProven = "not-proven"
)

// Asked: somebody asked a gate. The same answer to the same question is written
// down once an hour.
type Asked struct {
	Gate   string   `json:"gate"`
	Nodes  []string `json:"nodes"`
	Answer string   `json:"answer"`
	// Conditions is how many were looked at, Holding how many hold.
	Conditions int `json:"conditions"`
	Holding    int `json:"holding"`
	// Reasons are those of the conditions that do not hold, some of them.
	Reasons []string `json:"reasons,omitempty"`
}

// Observed: somebody looked, from when to when, how often, and with what pause at
// the longest. Without it nobody can say that nothing happened.
type Observed struct {
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Polls  int       `json:"polls"`
	PauseS float64   `json:"pause_s"`
}

// Told: a customer was told something.
type Told struct {
	Customer string `json:"customer"`
	Notice   string `json:"notice"`
	Channel  string `json:"channel,omitempty"`
}
