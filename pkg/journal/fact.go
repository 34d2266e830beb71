package journal

// Kind of the fact.
func (*FanDropped) Kind() Kind { return KindFanDropped }

// Kind of the fact.
func (*FanFailed) Kind() Kind { return KindFanFailed }

// Kind of the fact.
func (*FanBack) Kind() Kind { return KindFanBack }

// Kind of the fact.
func (*Acknowledged) Kind() Kind { return KindAcknowledged }

// Kind of the fact.
func (*PartReplaced) Kind() Kind { return KindPartReplaced }

// Kind of the fact.
func (*PartMissing) Kind() Kind { return KindPartMissing }

// Kind of the fact.
func (*PartNew) Kind() Kind { return KindPartNew }

// Kind of the fact.
func (*NooutSet) Kind() Kind { return KindNooutSet }

// Kind of the fact.
func (*NooutGone) Kind() Kind { return KindNooutGone }

// Kind of the fact.
func (*OSDDown) Kind() Kind { return KindOSDDown }

// Kind of the fact.
func (*OSDUp) Kind() Kind { return KindOSDUp }

// Kind of the fact.
func (*PGInactive) Kind() Kind { return KindPGInactive }

// Kind of the fact.
func (*PGActive) Kind() Kind { return KindPGActive }

// Kind of the fact.
func (*CopiesFew) Kind() Kind { return KindCopiesFew }

// Kind of the fact.
func (*CopiesWhole) Kind() Kind { return KindCopiesWhole }

// Kind of the fact.
func (*NodeOffline) Kind() Kind { return KindNodeOffline }

// Kind of the fact.
func (*NodeOnline) Kind() Kind { return KindNodeOnline }

// Kind of the fact.
func (*HAMaintenance) Kind() Kind { return KindHAMaintenance }

// Kind of the fact.
func (*QuorumLost) Kind() Kind { return KindQuorumLost }

// Kind of the fact.
func (*QuorumBack) Kind() Kind { return KindQuorumBack }

// Kind of the fact.
func (*GuestListed) Kind() Kind { return KindGuestListed }

// Kind of the fact.
func (*GuestMoved) Kind() Kind { return KindGuestMoved }

// Kind of the fact.
func (*GuestSilent) Kind() Kind { return KindGuestSilent }

// Kind of the fact.
func (*GuestAnswers) Kind() Kind { return KindGuestAnswers }

// Kind of the fact.
func (*Gap) Kind() Kind { return KindGap }

// Kind of the fact.
func (*GuestStopped) Kind() Kind { return KindGuestStopped }

// Kind of the fact.
func (*Asked) Kind() Kind { return KindAsked }

// Kind of the fact.
func (*Observed) Kind() Kind { return KindObserved }

// Kind of the fact.
func (*Told) Kind() Kind { return KindTold }
