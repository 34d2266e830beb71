package gate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/maintenance"
)

// TestSlotsBounded: the card of a server with hundreds of parts leaves room for the
// checklist, and says how many parts it leaves out.
func TestSlotsBounded(t *testing.T) {
	v := hardware.Inventory{}
	for _, k := range hardware.Placed {
		l := hardware.List{Source: hardware.Redfish, Kind: k}
		for i := range 300 {
			l.Parts = append(l.Parts, hardware.Part{ID: fmt.Sprint(i), Slot: fmt.Sprintf("PROC 1 DIMM %d", i), Serial: fmt.Sprintf("SERIAL%06d", i), Size: 1 << 35})
		}
		v.Lists = append(v.Lists, l)
	}
	var f Found
	f.PVE = maintenance.PVE{Leaving: []string{"pve3"}}
	f.Hardware.Controller = &v
	lines := slots(f, nil)
	if all := strings.Join(lines, "\n"); len(lines) != len(hardware.Placed) || len(all) > 5*500 || strings.Count(all, " more") != len(lines) {
		t.Errorf("%d bytes: %s", len(all), all)
	}
	shown := strings.Count(lines[0], "PROC")
	if want := fmt.Sprintf(", %d more", 300-shown); !strings.HasSuffix(lines[0], want) {
		t.Errorf("%d are shown, want %q: %s", shown, want, lines[0])
	}
}
