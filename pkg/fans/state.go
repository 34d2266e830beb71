package fans

import "strings"

// meaning is what a word of Redfish's Status.State says of a fan's turning.
type meaning int

const (
	works   meaning = iota // or leaves it to the reading
	worn                   // works less well than it should
	rests                  // is not expected to be in service
	strange                // no word of the standard
)

// states are the words of DMTF's State (DSP8010, Resource, State), but for those
// that say whether a fan is there: [bmc.Fan.Presence] tells these.
var states = map[string]meaning{
	"": works, "enabled": works,
	"absent": works, "disabled": works, "standbyoffline": works, "standbyspare": works,
	"degraded":           worn,
	"unavailableoffline": rests, "updating": rests, "updatingfirmware": rests, "starting": rests,
	"intest": rests, "deferring": rests, "quiesced": rests, "qualified": rests,
}

func meaningOf(state string) meaning {
	if m, known := states[strings.ToLower(strings.TrimSpace(state))]; known {
		return m
	}
	return strange
}
