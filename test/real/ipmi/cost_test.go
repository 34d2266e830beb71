//go:build real

package ipmi_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// meter forwards datagrams to a simulator and counts those of the client.
type meter struct {
	port  int
	count atomic.Int64
}

// measure puts a meter before s until the test ends.
func measure(t *testing.T, s *sim) *meter {
	t.Helper()
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { front.Close() })
	m := &meter{port: front.LocalAddr().(*net.UDPAddr).Port}
	behind := map[string]*net.UDPConn{}
	go func() {
		buffer := make([]byte, 65536)
		for {
			n, peer, err := front.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			m.count.Add(1)
			conn := behind[peer.String()]
			if conn == nil {
				if conn, err = net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.port}); err != nil {
					return
				}
				behind[peer.String()] = conn
				t.Cleanup(func() { conn.Close() })
				go func() {
					answer := make([]byte, 65536)
					for {
						n, err := conn.Read(answer)
						if err != nil {
							return
						}
						front.WriteToUDP(answer[:n], peer)
					}
				}()
			}
			conn.Write(buffer[:n])
		}
	}()
	return m
}

// TestCost: a steady run needs seven packets and one for each fan sensor, and
// no peer needs fewer for the same sensors.
func TestCost(t *testing.T) {
	withSim(t, func(s *sim) error {
		m := measure(t, s)
		through := &sim{dir: s.dir, port: m.port}
		packets := func(run func() error) (int64, error) {
			before := m.count.Load()
			err := run()
			return m.count.Load() - before, err
		}
		var server bmc.Server
		poll := func() (err error) { server, err = through.poll(server.Memory); return err }
		cold, err := packets(poll)
		if err != nil {
			return err
		}
		steady, err := packets(poll)
		if err != nil {
			return err
		}
		sensors := int64(strings.Count(strings.Join(server.Evidence, "\n"), "Get Sensor Reading"))
		freeipmi, err := packets(func() error {
			_, err := through.freeipmi("ipmi-sensors", "--shared-sensors", "--output-sensor-state")
			return err
		})
		if err != nil {
			return err
		}
		ipmitool, err := packets(func() error { _, err := through.ipmitool("sdr", "type", "fan"); return err })
		if err != nil {
			return err
		}
		t.Logf("packets for %d sensors: cold %d, steady %d; ipmi-sensors without its cache %d, ipmitool sdr type fan %d", sensors, cold, steady, freeipmi, ipmitool)
		if steady > 7+sensors || steady > freeipmi || steady > ipmitool || cold > freeipmi {
			return errors.New("more than allowed")
		}
		return nil
	})
}

// TestRefusals: what this controller refuses is named.
func TestRefusals(t *testing.T) {
	withSim(t, func(s *sim) error {
		tests := []struct {
			user, password, kg, privilege string
			cause                         ipmi.Cause
		}{
			{userName, "wrong", "", "user", ipmi.CausePassword},
			{"nobody", userPassword, "", "user", ipmi.CauseUser},
			{userName, userPassword, "key", "user", ipmi.CauseKg},
		}
		for _, tt := range tests {
			source, err := ipmi.LAN(ipmi.Endpoint{Host: "127.0.0.1", Credentials: secret.Credentials{
				Username: tt.user, Password: secret.NewText(tt.password), Kg: secret.NewText(tt.kg),
			}}, ipmi.Options{Port: s.port, Privilege: tt.privilege})
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
			_, err = source.Poll(ctx, bmc.Ask{})
			cancel()
			failure := (*ipmi.OpenError)(nil)
			if !errors.As(err, &failure) || failure.Cause != tt.cause {
				return fmt.Errorf("%+v: %w", tt, errors.Join(err, errors.New("another cause was expected")))
			}
			t.Log(err)
		}
		_, err := s.poll(nil)
		return err
	})
}
