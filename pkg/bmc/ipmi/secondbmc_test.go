package ipmi

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/clock"
	"github.com/bougou/go-ipmi/pkg/hal/mock"
	"github.com/bougou/go-ipmi/pkg/handlers"
	"github.com/bougou/go-ipmi/pkg/server"
	"github.com/bougou/go-ipmi/pkg/transport/udp"
	"github.com/bougou/go-ipmi/pkg/types"
	"github.com/google/go-cmp/cmp"

	noout "github.com/noout-monitoring/noout/pkg/bmc"
)

// secondBMC serves a shelf through go-ipmi's own session layer, sensor
// repository and checks: a controller that others wrote.
func secondBMC(t *testing.T, suites []types.CipherSuiteID, options ...bmc.Option) (*board, *bmc.BMC, int) {
	t.Helper()
	b := shelf(t)
	hardware := mock.New()
	if err := hardware.Chassis().SetPower(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for _, record := range b.records {
		if err := hardware.Storage().SDR().Write(t.Context(), binary.LittleEndian.Uint16(record), record); err != nil {
			t.Fatal(err)
		}
	}
	controller := bmc.New(bmc.DeviceInfo{IPMIVersion: 0x20, FirmwareMajor: 2, FirmwareMinor: 0x41}, b.guid, hardware,
		append([]bmc.Option{bmc.WithClock(clock.Real)}, options...)...)
	user, err := controller.Users.Add(2, b.user)
	if err != nil {
		t.Fatal(err)
	}
	user.SetPassword([]byte(b.password))
	user.Enabled = true
	user.ChannelAccess[1] = bmc.UserChannelAccess{MaxPrivilege: bmc.PrivilegeLevelUser, Enabled: true}

	registry := handlers.NewRegistry()
	handlers.RegisterAllHandlers(registry)
	ours := func(c types.Command) {
		registry.RegisterFunc(c, func(_ context.Context, _ *handlers.HandlerContext, data []byte) ([]byte, types.CompletionCode, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			answer := b.command(asked{netFn: byte(c.NetFn), cmd: c.ID, data: data})
			return answer[1:], types.CompletionCode(answer[0]), nil
		})
	}
	for _, c := range []types.Command{types.CommandGetSensorReading, types.CommandGetSELInfo, types.CommandGetSELEntry,
		types.CommandGetSELTime, types.CommandGetSDRRepoInfo} {
		ours(c)
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := server.NewServer(controller, udp.Wrap(conn, udp.WithReadTimeout(time.Second)),
		server.WithHandlerRegistry(registry), server.WithCipherSuites(suites))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(t.Context())
	}()
	t.Cleanup(func() { s.Close(); <-done })
	return b, controller, conn.LocalAddr().(*net.UDPAddr).Port
}

func TestSecondBMC(t *testing.T) {
	for _, suites := range [][]types.CipherSuiteID{{types.CipherSuiteID17}, {types.CipherSuiteID3}, {types.CipherSuiteID3, types.CipherSuiteID17}} {
		for _, kg := range []string{"", "0123456789abcdefghij"} {
			t.Run(fmt.Sprint(suites, kg), func(t *testing.T) {
				b, controller, port := secondBMC(t, suites, bmc.WithKG([]byte(kg)))
				b.kg = kg
				b.mu.Lock()
				b.sensors[0x44] = []byte{0, 0x38, 0xe0, 0xc0}
				b.mu.Unlock()
				l := b.remote(port)
				server := poll1(t, l, noout.Ask{Logs: true})
				want := rackSpeeds()
				delete(want, "0x44")
				for range 3 {
					if diff := cmp.Diff(want, speeds(server)); diff != "" || len(server.Gaps) > 0 {
						t.Errorf("%s %v\n%s", diff, server.Gaps, strings.Join(server.Evidence, "\n"))
					}
					if n := controller.Sessions.Count(); n != 0 {
						t.Errorf("%d sessions left", n)
					}
					server = repeat(t, l, server)
				}
				if server.Power != noout.PowerOn || server.Identity.UUID != "12345678-9abc-4df0-8102-030405060708" {
					t.Errorf("power %q, %+v", server.Power, server.Identity)
				}
			})
		}
	}
}

func TestSecondBMCRefuses(t *testing.T) {
	b, controller, port := secondBMC(t, []types.CipherSuiteID{types.CipherSuiteID17})
	tests := map[Cause]func(l *lan){
		CausePassword:  func(l *lan) { l.endpoint.Credentials.Password = l.endpoint.Credentials.Kg },
		CausePrivilege: func(l *lan) { l.role = privilegeAdmin | nameOnly },
	}
	for cause, change := range tests {
		l := b.remote(port)
		change(l)
		for range 6 {
			if f := opening(t, l, 5*time.Second); f.Cause != cause {
				t.Errorf("cause %q, want %q: %v", f.Cause, cause, f)
			}
		}
		poll1(t, b.remote(port), noout.Ask{})
		if n := controller.Sessions.Count(); n != 0 {
			t.Errorf("%q: %d sessions left", cause, n)
		}
	}
}
