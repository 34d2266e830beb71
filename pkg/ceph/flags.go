package ceph

// The flags of the OSD map that somebody sets, noout aside, by what they keep the
// cluster from (docs.ceph.com/en/latest/rados/operations/health-checks, OSDMAP_FLAGS).
var (
	// FlagsStopping keep it from serving its clients; full is set by itself.
	FlagsStopping = []string{"pause", "pauserd", "pausewr", "full"}
	// FlagsBlinding keep it from noticing that OSDs go or come.
	FlagsBlinding = []string{"nodown", "noup"}
	// FlagsHolding keep it from repairing.
	FlagsHolding = []string{"noin", "norecover", "nobackfill", "norebalance"}
	// FlagsHarmless are warned of, and endanger nobody's data today.
	FlagsHarmless = []string{"noscrub", "nodeep-scrub", "notieragent", "nosnaptrim"}
)
