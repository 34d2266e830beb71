package journal

// Each fact has its kind.

func (*FanDropped) Kind() Kind    { return KindFanDropped }
func (*FanFailed) Kind() Kind     { return KindFanFailed }
func (*FanBack) Kind() Kind       { return KindFanBack }
func (*Acknowledged) Kind() Kind  { return KindAcknowledged }
func (*PartReplaced) Kind() Kind  { return KindPartReplaced }
func (*PartMissing) Kind() Kind   { return KindPartMissing }
func (*PartNew) Kind() Kind       { return KindPartNew }
func (*NooutSet) Kind() Kind      { return KindNooutSet }
func (*NooutGone) Kind() Kind     { return KindNooutGone }
func (*OSDDown) Kind() Kind       { return KindOSDDown }
func (*OSDUp) Kind() Kind         { return KindOSDUp }
func (*PGInactive) Kind() Kind    { return KindPGInactive }
func (*PGActive) Kind() Kind      { return KindPGActive }
func (*CopiesFew) Kind() Kind     { return KindCopiesFew }
func (*CopiesWhole) Kind() Kind   { return KindCopiesWhole }
func (*NodeOffline) Kind() Kind   { return KindNodeOffline }
func (*NodeOnline) Kind() Kind    { return KindNodeOnline }
func (*HAMaintenance) Kind() Kind { return KindHAMaintenance }
func (*QuorumLost) Kind() Kind    { return KindQuorumLost }
func (*QuorumBack) Kind() Kind    { return KindQuorumBack }
func (*GuestListed) Kind() Kind   { return KindGuestListed }
func (*GuestMoved) Kind() Kind    { return KindGuestMoved }
func (*GuestSilent) Kind() Kind   { return KindGuestSilent }
func (*GuestAnswers) Kind() Kind  { return KindGuestAnswers }
func (*Gap) Kind() Kind           { return KindGap }
func (*GuestStopped) Kind() Kind  { return KindGuestStopped }
func (*Asked) Kind() Kind         { return KindAsked }
func (*Observed) Kind() Kind      { return KindObserved }
func (*Told) Kind() Kind          { return KindTold }
