package transport

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAddress(t *testing.T) {
	for host, want := range map[string]string{
		"bmc1":                         "bmc1:443",
		"bmc1.example.net":             "bmc1.example.net:443",
		"bmc1.example.net.":            "bmc1.example.net.:443",
		"bmc_1":                        "bmc_1:443",
		"bücher.example":               "bücher.example:443",
		"bmc1:8443":                    "bmc1:8443",
		"3com":                         "3com:443",
		"192.0.2.1":                    "192.0.2.1:443",
		"192.0.2.1:8006":               "192.0.2.1:8006",
		"2001:db8::1":                  "[2001:db8::1]:443",
		"2001:db8::1:8006":             "[2001:db8::1:8006]:443",
		"[2001:db8::1]":                "[2001:db8::1]:443",
		"[2001:db8::1]:8006":           "[2001:db8::1]:8006",
		"::1":                          "[::1]:443",
		"fe80::1%eth0":                 "[fe80::1%eth0]:443",
		"[fe80::1%eth0]:8006":          "[fe80::1%eth0]:8006",
		"bmc1:1":                       "bmc1:1",
		"bmc1:65535":                   "bmc1:65535",
		strings.Repeat("a", 63) + ".b": strings.Repeat("a", 63) + ".b:443",
	} {
		got, err := Address(host, 443)
		if err != nil || got != want {
			t.Errorf("Address(%q) = %q, %v, expected %q", host, got, err, want)
		}
	}
}

func TestAddressErrors(t *testing.T) {
	for host, want := range map[string]string{
		"":                           "no host",
		"  ":                         "no host",
		"https://bmc1":               "a URL",
		"bmc1/redfish":               "not a host name",
		"root:hush@bmc1":             "an account before the host",
		"https://root:hush@bmc1":     "an account before the host",
		"-v":                         "not a host name",
		"bmc 1":                      "not a host name",
		"bmc1\n":                     "not a host name",
		"bmc1|x":                     "not a host name",
		"bmc..net":                   "not a host name",
		".":                          "not a host name",
		":443":                       "not a host name",
		strings.Repeat("a", 64):      "not a host name",
		strings.Repeat("a.", 127):    "longer than the 253 characters",
		"bmc1:":                      "expected a port from 1 to 65535",
		"bmc1:0":                     "expected a port from 1 to 65535",
		"bmc1:65536":                 "expected a port from 1 to 65535",
		"bmc1:-1":                    "expected a port from 1 to 65535",
		"bmc1:+1":                    "expected a port from 1 to 65535",
		"bmc1:https":                 "expected a port from 1 to 65535",
		"bmc1:99999999999999999999":  "expected a port from 1 to 65535",
		"[2001:db8::1":               "no closing bracket",
		"[bmc1]:443":                 "no IPv6 address in the brackets",
		"[192.0.2.1]:443":            "no IPv6 address in the brackets",
		"[]:443":                     "no IPv6 address in the brackets",
		"[2001:db8::1]443":           "expected a colon and a port after the bracket",
		"[2001:db8::1]:":             "expected a colon and a port after the bracket",
		"[2001:db8::1]:0":            "expected a port from 1 to 65535",
		"[2001:db8::1]:x":            "expected a port from 1 to 65535",
		"2001:db8:::1":               "not an IPv6 address",
		"1:2:3":                      "not an IPv6 address",
		"192.0.2.256":                "not an IPv4 address",
		"192.0.2":                    "not an IPv4 address",
		"192.0.2.1.":                 "not an IPv4 address",
		"010.0.0.1":                  "not an IPv4 address",
		"7":                          "not an IPv4 address",
		"192.0.2.1%eth0":             "not a host name",
		strings.Repeat("x/", 100000): "longer than the 253 characters",
	} {
		got, err := Address(host, 443)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "expected") {
			t.Errorf("Address(%q) = %q, %v, expected an error with %q", bounded(host, 40), got, err, want)
			continue
		}
		if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 400 || strings.Contains(err.Error(), "hush") {
			t.Errorf("a bad error: %v", err)
		}
	}
	for _, port := range []int{0, -1, 65536} {
		if got, err := Address("bmc1", port); err == nil {
			t.Errorf("Address with port %d = %q", port, got)
		}
	}
}

// What Address accepts can be dialled and can stand in a URL.
func TestAddressFitsURLs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.StringMatching(`[a-z0-9.:%\[\]_-]{1,12}|\[?(([0-9a-f]{0,4}:){1,7}[0-9a-f]{0,4}|fe80::1%[a-z0-9%/]{1,4})\]?(:[0-9]{1,6})?|[0-9]{1,3}(\.[0-9]{1,3}){1,4}`).Draw(t, "host")
		address, err := Address(host, 443)
		if err != nil {
			return
		}
		name, port, err := net.SplitHostPort(address)
		if err != nil || name == "" || port == "" {
			t.Fatalf("%q becomes %q: %v", host, address, err)
		}
		made, err := URL(host, 443)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(made.String() + "/redfish/v1/")
		if err != nil || parsed.Host != address || parsed.Path != "/redfish/v1/" {
			t.Fatalf("%q becomes %s, whose host is %q: %v", host, made, parsed.Host, err)
		}
	})
}
