package bmc

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// spoil are faults of what a document says. They are named after what becomes
// of it; each has been seen at some controller or breaks a strict decoder.
var spoil = map[string]func(map[string]any){
	"reading-string":   fans(func(f map[string]any) { setReading(f, func(v any) any { return fmt.Sprint(v) }) }),
	"reading-na":       fans(func(f map[string]any) { setReading(f, func(any) any { return "N/A" }) }),
	"reading-float":    fans(func(f map[string]any) { setReading(f, func(v any) any { return json.Number(fmt.Sprintf("%v.0", v)) }) }),
	"reading-array":    fans(func(f map[string]any) { setReading(f, func(v any) any { return []any{v} }) }),
	"reading-object":   fans(func(f map[string]any) { setReading(f, func(v any) any { return map[string]any{"Value": v} }) }),
	"reading-null":     fans(func(f map[string]any) { setReading(f, func(any) any { return nil }) }),
	"reading-huge":     fans(func(f map[string]any) { setReading(f, func(any) any { return json.Number("1e400") }) }),
	"reading-negative": fans(func(f map[string]any) { setReading(f, func(any) any { return -1 }) }),
	"health-number":    fans(func(f map[string]any) { f["Status"] = map[string]any{"Health": 1, "State": 2} }),
	"health-null":      fans(func(f map[string]any) { f["Status"] = map[string]any{"Health": nil, "State": "Enabled"} }),
	"status-string":    fans(func(f map[string]any) { f["Status"] = "OK" }),
	"status-missing":   fans(func(f map[string]any) { delete(f, "Status") }),
	"threshold-string": fans(func(f map[string]any) { thresholds(f, "N/A") }),
	"threshold-float":  fans(func(f map[string]any) { thresholds(f, 420.5) }),
	"memberid-number":  fans(func(f map[string]any) { f["MemberId"] = 7 }),
	"duplicate-names":  fans(func(f map[string]any) { f["Name"], f["FanName"] = "FAN", "FAN" }),
	"missing-names":    fans(func(f map[string]any) { delete(f, "Name"); delete(f, "FanName") }),
	"hostile-names":    fans(func(f map[string]any) { f["Name"] = "FAN|1;\n`$(reboot)`<b>\x1b[2J" + strings.Repeat("x", 5000) }),
	"duplicate-ids":    fans(func(f map[string]any) { f["MemberId"], f["@odata.id"], f["Id"], f["SensorNumber"] = "0", "/x", "0", 1 }),
	"missing-ids": fans(func(f map[string]any) {
		for _, key := range []string{"MemberId", "@odata.id", "Id", "SensorNumber"} {
			delete(f, key)
		}
	}),
	"fans-object":  list("Fans", func(v []any) any { return map[string]any{"0": v} }),
	"fans-null":    list("Fans", func([]any) any { return nil }),
	"fans-string":  list("Fans", func([]any) any { return "none" }),
	"fans-missing": func(o map[string]any) { each(o, func(o map[string]any) { delete(o, "Fans") }) },
	"fans-empty":   list("Fans", func([]any) any { return []any{} }),
	"one-bad-fan": list("Fans", func(v []any) any {
		return append([]any{"not a fan", nil, []any{}}, v...)
	}),
	"redundancy-object": list("Redundancy", func([]any) any { return map[string]any{"Status": "lost"} }),
	"members-strings": list("Members", func(v []any) any {
		for i := range v {
			if o, ok := v[i].(map[string]any); ok {
				v[i] = o["@odata.id"]
			}
		}
		return v
	}),
	"members-null":    list("Members", func([]any) any { return nil }),
	"members-object":  list("Members", func([]any) any { return map[string]any{} }),
	"members-foreign": list("Members", func(v []any) any { return foreign(v) }),
	"members-many": list("Members", func(v []any) any {
		for i := range 100_000 {
			v = append(v, map[string]any{"@odata.id": fmt.Sprintf("/redfish/v1/Chassis/Ghost%d", i)})
		}
		return v
	}),
	"count-string": func(o map[string]any) {
		each(o, func(o map[string]any) {
			for key, v := range o {
				if strings.HasSuffix(key, "@odata.count") {
					o[key] = fmt.Sprint(v)
				}
			}
		})
	},
	"null-everything": func(o map[string]any) {
		for key := range o {
			o[key] = nil
		}
	},
	"entry-wrong-types": entries(func(e map[string]any) {
		e["Id"], e["Created"], e["Message"], e["SensorNumber"] = 5, 1700000000, []any{"text"}, "0x41"
		e["Severity"], e["SensorType"], e["EntryCode"] = nil, 4, map[string]any{}
	}),
	"entry-without-id":   entries(func(e map[string]any) { delete(e, "Id"); delete(e, "@odata.id") }),
	"entry-without-time": entries(func(e map[string]any) { e["Created"], e["EventTimestamp"] = "0000-00-00T00:00:00Z", nil }),
}

// links are faults of where a collection is said to go on.
var links = map[string]func(*exchange) string{
	EndlessLink: func(x *exchange) string {
		page, err := strconv.Atoi(x.r.URL.Query().Get("page"))
		if err != nil {
			page = 1
		}
		return fmt.Sprintf("%s?page=%d", x.where, page+1)
	},
	LoopingLink: func(x *exchange) string { return x.r.URL.RequestURI() },
	ForeignLink: func(x *exchange) string { return x.sim.Elsewhere().URL + x.where + "?page=2" },
}

// each calls f for a document and for all objects inside it.
func each(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, inner := range v {
			each(inner, f)
		}
	case []any:
		for _, inner := range v {
			each(inner, f)
		}
	}
}

// fans makes a fault of each fan, in whichever of the three ways it is told:
// element of a Thermal, member of a subsystem, rotating sensor.
func fans(f func(map[string]any)) func(map[string]any) {
	return func(o map[string]any) {
		each(o, func(o map[string]any) {
			kind, _ := o["@odata.type"].(string)
			if strings.HasPrefix(kind, "#Fan.") || o["ReadingType"] == "Rotational" {
				f(o)
			}
			inner, _ := o["Fans"].([]any)
			for _, fan := range inner {
				if fan, ok := fan.(map[string]any); ok && len(fan) > 1 && !strings.HasPrefix(fmt.Sprint(fan["@odata.type"]), "#Fan.") {
					f(fan)
				}
			}
		})
	}
}

// entries makes a fault of each log entry.
func entries(f func(map[string]any)) func(map[string]any) {
	return func(o map[string]any) {
		each(o, func(o map[string]any) {
			if kind, _ := o["@odata.type"].(string); strings.HasPrefix(kind, "#LogEntry.") {
				f(o)
			}
		})
	}
}

// list makes a fault of each array of that name.
func list(key string, f func([]any) any) func(map[string]any) {
	return func(o map[string]any) {
		each(o, func(o map[string]any) {
			if v, ok := o[key].([]any); ok {
				o[key] = f(v)
			}
		})
	}
}

func setReading(f map[string]any, change func(any) any) {
	for _, key := range []string{"Reading", "CurrentReading", "SpeedRPM"} {
		if v, ok := f[key]; ok {
			f[key] = change(v)
		}
	}
	if speed, ok := f["SpeedPercent"].(map[string]any); ok {
		setReading(speed, change)
	}
}

func thresholds(f map[string]any, to any) {
	for key := range f {
		if strings.HasPrefix(key, "LowerThreshold") || strings.HasPrefix(key, "UpperThreshold") {
			f[key] = to
		}
	}
	if t, ok := f["Thresholds"].(map[string]any); ok {
		for key := range t {
			t[key] = map[string]any{"Reading": to}
		}
	}
}

// foreign are members that point away from the device.
func foreign(v []any) []any {
	return append(v,
		map[string]any{"@odata.id": "http://192.0.2.1/redfish/v1/Chassis/1"},
		map[string]any{"@odata.id": "//192.0.2.1/redfish/v1/Chassis/2"},
		map[string]any{"@odata.id": "/../../etc/passwd"},
		map[string]any{"@odata.id": ""},
		map[string]any{"@odata.id": 5},
		map[string]any{},
		nil,
	)
}
