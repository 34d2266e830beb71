package redfish

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"

	"github.com/noout-monitoring/noout/pkg/bmc"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	dialects "github.com/noout-monitoring/noout/test/sim/bmc/redfish"
)

// witnessed is what two readers must agree on about one fan.
type witnessed struct{ name, reading, health, state, lower string }

func figure(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(*v)
}

func whole(v *int) *float64 {
	if v == nil {
		return nil
	}
	f := float64(*v)
	return &f
}

// byGofish reads the fans of a controller with gofish's own types: those of
// Thermal, or where no chassis has any there, of ThermalSubsystem, or else the
// sensors that turn. Its ThermalSubsystem.Fans has the wrong type (Thermal's),
// so the link is taken from the raw resource.
func byGofish(ctx context.Context, client *http.Client, url string) ([]witnessed, error) {
	api, err := gofish.ConnectContext(ctx, gofish.ClientConfig{
		Endpoint: url, HTTPClient: client, NoModifyTransport: true, BasicAuth: true,
		Username: credentials.Username, Password: credentials.Password.Reveal(),
	})
	if err != nil {
		return nil, err
	}
	all, _ := api.Service.Chassis() // one that is listed and not there is an error beside the others
	all = slices.DeleteFunc(all, func(c *schemas.Chassis) bool { return untouchable(c.ODataID) })
	var out []witnessed
	for _, look := range []func(*gofish.APIClient, *schemas.Chassis) []witnessed{gofishThermal, gofishSubsystem, gofishSensors} {
		for _, c := range all {
			out = append(out, look(api, c)...)
		}
		if len(out) > 0 {
			break
		}
	}
	return out, nil
}

func gofishThermal(_ *gofish.APIClient, c *schemas.Chassis) []witnessed {
	var out []witnessed
	thermal, err := c.Thermal()
	if err != nil || thermal == nil {
		return nil
	}
	for _, f := range thermal.Fans {
		name := f.Name
		if name == "" {
			//lint:ignore SA1019 iLO 4 has no other
			name = f.FanName
		}
		out = append(out, witnessed{name, figure(whole(f.Reading)), string(f.Status.Health), string(f.Status.State), figure(whole(f.LowerThresholdCritical))})
	}
	return out
}

func gofishSubsystem(api *gofish.APIClient, c *schemas.Chassis) []witnessed {
	var out []witnessed
	subsystem, err := c.ThermalSubsystem()
	if err != nil || subsystem == nil {
		return nil
	}
	var links struct{ Fans schemas.Link }
	if json.Unmarshal(subsystem.RawData, &links) != nil {
		return nil
	}
	fans, _ := schemas.ListReferencedFans(api, links.Fans.String())
	for _, f := range fans {
		speed := f.SpeedPercent.SpeedRPM
		if speed == nil {
			speed = f.SpeedPercent.Reading
		}
		out = append(out, witnessed{f.Name, figure(speed), string(f.Status.Health), string(f.Status.State), "-"})
	}
	return out
}

func gofishSensors(_ *gofish.APIClient, c *schemas.Chassis) []witnessed {
	var out []witnessed
	sensors, _ := c.Sensors()
	for _, s := range sensors {
		if s.ReadingType != schemas.RotationalReadingType {
			continue
		}
		out = append(out, witnessed{s.Name, figure(s.Reading), string(s.Status.Health), string(s.Status.State), figure(s.Thresholds.LowerCritical.Reading)})
	}
	return out
}

// ownWords are our fans in the same words: of several rotors the first.
func ownWords(server bmc.Server) []witnessed {
	var out []witnessed
	for _, f := range server.Fans {
		if f.Pump && strings.Contains(f.ID, "/Pumps/") {
			continue // gofish has them elsewhere
		}
		w := witnessed{name: f.Name, reading: figure(f.Reading), state: f.State, lower: figure(f.LowerCritical)}
		if len(f.Rotors) > 0 {
			w.reading, w.lower = figure(f.Rotors[0].Reading), figure(f.Rotors[0].LowerCritical)
		}
		if h := string(f.Health); h != "" {
			w.health = map[string]string{"ok": "OK", "warning": "Warning", "critical": "Critical"}[h]
		}
		out = append(out, w)
	}
	return out
}

// differ are the controllers of which the two readers may tell different things,
// each with what and why. "only us" is a fan that gofish does not see; that only
// gofish sees one is never right.
var differ = map[string]struct{ what, why string }{
	"hpe-ilo4-dl360-telegraf":   {"reading", "gofish does not know CurrentReading of iLO 4"},
	"thermal-rpm":               {"reading", "gofish does not know ReadingRPM of Thermal 1.0"},
	"thermal-rollup":            {"health", "gofish keeps HealthRollup apart; in the fan's own Status it is the fan's health"},
	"subsystem-sensors":         {"reading lower", "gofish does not look among the Sensors for a fan that shows no speed"},
	"subsystem-sensors-percent": {"reading lower", "gofish does not follow DataSourceUri"},
	"sensors-percent":           {"only us", "gofish's sensor has no SpeedRPM: nothing says that it turns"},
}

// without leaves out the parts in which two readers may differ. Zero is no
// threshold.
func (w witnessed) without(what string) witnessed {
	for _, part := range strings.Fields(what) {
		switch part {
		case "reading":
			w.reading = ""
		case "lower":
			w.lower = ""
		case "health":
			w.health = ""
		}
	}
	if w.lower == "0" {
		w.lower = "-"
	}
	return w
}

// apart are the fans of each reader that the other does not have.
func apart(own, theirs []witnessed, what string) (us, them []witnessed) {
	us = slices.Clone(own)
	for _, w := range theirs {
		i := slices.IndexFunc(us, func(o witnessed) bool { return o.without(what) == w.without(what) })
		if i < 0 {
			them = append(them, w)
			continue
		}
		us = slices.Delete(us, i, i+1)
	}
	return us, them
}

// agree compares what both have read. A difference that is in the table and is
// not there any more fails too.
func agree(t *testing.T, name string, own, theirs []witnessed) int {
	t.Helper()
	known, listed := differ[name]
	if us, them := apart(own, theirs, ""); listed && len(us)+len(them) == 0 {
		t.Errorf("no difference any more (%s): take it off the table", known.why)
	}
	us, them := apart(own, theirs, known.what)
	if len(them) > 0 {
		t.Errorf("gofish alone sees %+v\nwe alone see %+v", them, us)
	} else if len(us) > 0 && known.what != "only us" {
		t.Errorf("we alone see %+v", us)
	}
	return len(theirs)
}

// TestGofishAgreesOnTrees reads all recorded trees with gofish too.
func TestGofishAgreesOnTrees(t *testing.T) {
	n := 0
	for _, dir := range trees(t) {
		t.Run(nameOf(dir), func(t *testing.T) {
			server, source := serve(t, &tree{dir: dir})
			own := ownWords(mustPoll(t, source, bmc.Ask{}))
			theirs, err := byGofish(t.Context(), server.Client(), server.URL)
			if err != nil {
				t.Fatal(err)
			}
			n += agree(t, nameOf(dir), own, theirs)
		})
	}
	t.Logf("%d fans read by both", n)
}

// TestGofishAgreesOnDialects does the same with every vendor and dialect of the
// simulator, with a fan that stands still.
func TestGofishAgreesOnDialects(t *testing.T) {
	n := 0
	for _, vendor := range slices.Concat(dialects.Vendors(), dialects.Dialects()) {
		t.Run(string(vendor), func(t *testing.T) {
			s := sim.Start(t, sim.Server{Vendor: vendor, TLS: sim.TLSNone, Username: credentials.Username, Password: credentials.Password.Reveal()})
			s.Do("drop?fan=1&shape=zero")
			own := ownWords(mustPoll(t, New(http.DefaultClient, s.URL, credentials), bmc.Ask{}))
			theirs, err := byGofish(t.Context(), http.DefaultClient, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			if len(own) == 0 {
				t.Error("we see nothing")
			}
			n += agree(t, string(vendor), own, theirs)
		})
	}
	t.Logf("%d fans read by both", n)
}
