package ipmi

import (
	"strconv"
	"testing"

	"github.com/bougou/go-ipmi/pkg/client"
	"github.com/bougou/go-ipmi/pkg/types"
	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestLibrary reads every record and every fan with a third implementation.
func TestLibrary(t *testing.T) {
	for _, suite := range []types.CipherSuiteID{types.CipherSuiteID3, types.CipherSuiteID17} {
		s, _ := started(t, Config{Vendor: Supermicro}, world.Config{})
		number, err := strconv.Atoi(port(t, s))
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.NewClient("127.0.0.1", number, "monitor", password)
		if err != nil {
			t.Fatal(err)
		}
		// Discovering suites takes it five seconds where they are not told, and
		// it asks for all rights unless told otherwise.
		c = c.WithCipherSuiteID(suite).WithMaxPrivilegeLevel(types.PrivilegeLevelUser)
		if err := c.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		info, err := c.GetSDRRepoInfo(t.Context())
		if err != nil || info.RecordCount != 100 {
			t.Errorf("%+v %v", info, err)
		}
		records := 0
		fans := map[string]float64{}
		for id := uint16(0); id != 0xffff; {
			a, err := c.GetSDR(t.Context(), id)
			if err != nil {
				t.Fatalf("record %d: %v", id, err)
			}
			record, err := types.ParseSDR(a.RecordData, a.NextRecordID)
			if err != nil {
				t.Fatalf("record %d: %v", id, err)
			}
			records++
			if full := record.Full; full != nil && full.SensorType == types.SensorTypeFan {
				r, err := c.GetSensorReading(t.Context(), uint8(full.SensorNumber))
				if err != nil {
					t.Fatal(err)
				}
				fans[string(full.IDStringBytes)] = full.ConvertReading(r.Reading)
			}
			id = a.NextRecordID
		}
		want := map[string]float64{"FAN1": 6000, "FAN2": 6000, "FAN3": 6000, "FAN4": 6000}
		if diff := cmp.Diff(want, fans); diff != "" || records != 100 {
			t.Errorf("%d records, %s", records, diff)
		}
		guid, err := c.GetSystemGUID(t.Context())
		if err != nil || guid.GUID != [16]byte{0x44, 0x45, 0x4c, 0x4c, 0x44, 0, 0x10, 0x48, 0x80, 0x31, 0xb5, 0xc0, 0x4f, 0x4e, 0x4f, 0x31} {
			t.Errorf("%x %v", guid, err)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
		quiet(t, s)
	}
}
