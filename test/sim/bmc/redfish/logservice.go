package redfish

import (
	"fmt"
	"maps"
	"slices"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// policy is what a log service says happens when its log is full.
func (s *scene) policy() string {
	if s.Log.Linear {
		return "NeverOverWrites"
	}
	return "WrapsWhenFull"
}

// logService adds a log service with its entries. Extra fields are added, and
// those that are nil left out; one of them may say that the entries are
// elsewhere.
func (t tree) logService(s *scene, path string, extra obj, entries func() arr) {
	at := path + "/Entries"
	if elsewhere, ok := extra["Entries"].(obj); ok {
		at = elsewhere["@odata.id"].(string)
	}
	t[path] = func() obj {
		o := obj{
			"@odata.id": path, "@odata.type": "#LogService.v1_2_0.LogService", "Id": base(path), "Name": base(path),
			"OverWritePolicy": s.policy(), "MaxNumberOfRecords": s.Log.Capacity, "ServiceEnabled": true,
			"DateTime": s.stamp(s.Clock), "DateTimeLocalOffset": s.Clock.Format("-07:00"),
			"Entries": ref(at),
		}
		maps.Copy(o, extra)
		maps.DeleteFunc(o, func(_ string, v any) bool { return v == nil })
		return o
	}
	t.entries(at, "Log Entry Collection", entries)
}

// newestFirst and oldestFirst make entries of records in either order; nil
// entries are left out.
func newestFirst(records []world.Record, entry func(world.Record) obj) arr {
	out := oldestFirst(records, entry)
	slices.Reverse(out)
	return out
}

func oldestFirst(records []world.Record, entry func(world.Record) obj) arr {
	out := arr{}
	for _, r := range records {
		if e := entry(r); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// logName is what the log calls a fan.
func logName(f world.Fan) string {
	if f.LogName != "" {
		return f.LogName
	}
	return f.Name
}

// failed says whether a record tells of something that went wrong.
func failed(k world.Kind) bool {
	switch k {
	case world.FanFailed, world.FanRemoved, world.RedundancyLost, world.RedundancyDegraded:
		return true
	}
	return false
}

// aboutFans says whether a record is about a fan or about redundancy.
func aboutFans(k world.Kind) bool {
	switch k {
	case world.FanFailed, world.FanRecovered, world.FanRemoved, world.FanInserted,
		world.RedundancyLost, world.RedundancyDegraded, world.RedundancyRegained:
		return true
	}
	return false
}

// direction is the EntryCode of most logs.
func direction(k world.Kind) string {
	if k == world.FanRecovered || k == world.FanInserted {
		return "Deassert"
	}
	return "Assert"
}

// severity is how bad a record is, in Redfish's words.
func severity(r world.Record) string {
	switch r.Kind {
	case world.FanFailed:
		if r.Level == world.LowerNonCritical {
			return "Warning"
		}
		return "Critical"
	case world.FanRemoved, world.RedundancyLost:
		return "Critical"
	case world.RedundancyDegraded:
		return "Warning"
	default:
		return "OK"
	}
}

// plain is the text of records that are not about fans.
func plain(r world.Record) string {
	switch r.Kind {
	case world.Boot:
		return "The management controller was started"
	case world.Cleared:
		return "Log area reset/cleared"
	case world.PowerOff:
		return "The host was powered off"
	case world.PowerOn:
		return "The host was powered on"
	default:
		return r.Text
	}
}

// eventData is the three bytes of an IPMI event for a threshold or redundancy,
// as logs show it that do not say more.
func eventData(r world.Record) string {
	offsets := map[world.Level]int{world.LowerNonCritical: 0, world.LowerCritical: 2, world.LowerFatal: 4}
	switch r.Kind {
	case world.FanFailed, world.FanRecovered:
		return fmt.Sprintf("0x%02XFFFF", 0x50+offsets[r.Level])
	case world.RedundancyLost:
		return "0x01FFFF"
	case world.RedundancyDegraded:
		return "0x02FFFF"
	default:
		return "0x00FFFF"
	}
}
