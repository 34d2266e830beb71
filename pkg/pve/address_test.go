package pve

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestAddresses(t *testing.T) {
	config := Config{NICs: []NIC{{Slot: "net0", MAC: "BC:24:11:00:00:01"}, {Slot: "net1", MAC: "BC:24:11:00:00:02"}}}
	for name, tc := range map[string]struct {
		values, reported, want string
	}{
		"static": {
			`{"net0":"virtio=BC:24:11:00:00:01","ipconfig0":"ip=192.0.2.5/24,ip6=2001:db8::5/64"}`,
			`[{"name":"eth0","hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"192.0.2.99","ip-address-type":"ipv4"}]}]`,
			"[192.0.2.5 2001:db8::5]",
		},
		"agent": {"",
			`[{"name":"lo","hardware-address":"00:00:00:00:00:00","ip-addresses":[{"ip-address":"127.0.0.1"}]},
			  {"name":"docker0","hardware-address":"BC:24:11:00:00:01","ip-addresses":[{"ip-address":"172.17.0.1"}]},
			  {"name":"ens19","hardware-address":"bc:24:11:00:00:02","ip-addresses":[{"ip-address":"192.0.2.7"},{"ip-address":"fe80::1"}]},
			  {"name":"ens18","hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"2001:db8::7"},{"ip-address":"169.254.1.1"}]},
			  {"name":"eth9","hardware-address":"bc:24:11:00:00:99","ip-addresses":[{"ip-address":"198.51.100.1"}]}]`,
			"[2001:db8::7 192.0.2.7]",
		},
		"container before 8.4": {"", `[{"name":"eth0","hwaddr":"bc:24:11:00:00:01","inet":"192.0.2.8/24","inet6":"2001:db8::8/64"}]`, "[192.0.2.8 2001:db8::8]"},
		"container":            {"", `[{"name":"eth0","hwaddr":"bc:24:11:00:00:01","hardware-address":"bc:24:11:00:00:01","inet":"192.0.2.9/24","ip-addresses":[{"ip-address":"192.0.2.8","ip-address-type":"inet","prefix":"24"},{"ip-address":"192.0.2.9"}]}]`, "[192.0.2.8 192.0.2.9]"},
		"static that is none": {
			`{"net0":"virtio=BC:24:11:00:00:01","ipconfig0":"ip=0.0.0.0/24,ip6=fe80::5/64","ipconfig1":"ip=224.0.0.1/4,ip6=::ffff:192.0.2.5/120"}`,
			`null`, "[192.0.2.5]",
		},
		"Windows": {"",
			`[{"name":"Local Area Connection 2","hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"192.0.2.7"}]},
			  {"name":"Loopback Pseudo-Interface 1","hardware-address":"","ip-addresses":[{"ip-address":"127.0.0.1"}]},
			  {"name":"vEthernet (external)","hardware-address":"bc:24:11:00:00:02","ip-addresses":[{"ip-address":"192.0.2.8"}]}]`,
			"[192.0.2.7 192.0.2.8]",
		},
		"the card with the gateway first": {
			`{"net0":"virtio=BC:24:11:00:00:01","ipconfig0":"ip=10.20.0.5/24","net1":"virtio=BC:24:11:00:00:02","ipconfig1":"ip=192.0.2.10/24,gw=192.0.2.1"}`,
			`null`, "[192.0.2.10 10.20.0.5]",
		},
		"a bridge with the card's MAC": {"",
			`[{"name":"br-lan","hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"192.0.2.7"}]},
			  {"name":"br-0a1b2c3d4e5f","hardware-address":"02:42:00:00:00:01","ip-addresses":[{"ip-address":"172.18.0.1"}]}]`,
			"[192.0.2.7]",
		},
		"inner with the card's MAC": {"",
			`[{"name":"vethabc1234@if3","hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"172.17.0.1"}]},
			  {"name":"lo0","hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"192.0.2.7"}]}]`,
			"[]",
		},
		"no addresses": {"", `[{"name":"eth0","hardware-address":"bc:24:11:00:00:01"}]`, "[]"},
		"stopped":      {"", `null`, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			own := config
			if tc.values != "" {
				var values map[string]json.RawMessage
				if err := json.Unmarshal([]byte(tc.values), &values); err != nil {
					t.Fatal(err)
				}
				own = configOf(values)
			}
			reported, err := interfaces(json.RawMessage(tc.reported))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(Addresses(own, reported)); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
