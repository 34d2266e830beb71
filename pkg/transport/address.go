package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

const expectedHost = "expected a host such as bmc1.example.net, bmc1:8443, 192.0.2.1, 2001:db8::1 or [2001:db8::1]:8443"

// Address returns host:port for dialling. host may be a name or an address and
// may carry its own port: "host", "host:port", "192.0.2.1",
// "[2001:db8::1]:8006", "2001:db8::1", "fe80::1%eth0"; port is used when it has
// none. In "2001:db8::1:8006" without brackets all of it is the address.
// The error says what was expected; the caller adds which option it was.
func Address(host string, port int) (string, error) {
	if strings.Contains(host, "@") {
		// Not repeated: what stands before it may be a password.
		return "", errors.New("an account before the host, " + expectedHost)
	}
	name, own, err := split(host)
	if err != nil {
		return "", fmt.Errorf("%s: %w", strconv.QuoteToASCII(bounded(host, 100)), err)
	}
	number := strconv.Itoa(port)
	if own != "" {
		number = own
	}
	if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 || number[0] == '+' {
		return "", fmt.Errorf("%s: expected a port from 1 to 65535", strconv.QuoteToASCII(bounded(host, 100)))
	}
	return net.JoinHostPort(name, number), nil
}

// URL returns https://host:port, with the zone of a link-local address escaped
// as URLs want it. host is as for [Address].
func URL(host string, port int) (*url.URL, error) {
	address, err := Address(host, port)
	if err != nil {
		return nil, err
	}
	return &url.URL{Scheme: "https", Host: address}, nil
}

// split returns the name or address without brackets and its own port, if any.
func split(host string) (name, port string, err error) {
	if strings.TrimSpace(host) == "" {
		return "", "", errors.New("no host, " + expectedHost)
	}
	if strings.Contains(host, "://") {
		return "", "", errors.New("a URL, " + expectedHost)
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return host, "", checkZone(address)
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		return splitBrackets(inner)
	}
	name, port, found := strings.Cut(host, ":")
	if found && port == "" || strings.Trim(port, "0123456789") != "" {
		if strings.Count(host, ":") > 1 {
			return "", "", errors.New("not an IPv6 address, " + expectedHost)
		}
		return "", "", errors.New("expected a port from 1 to 65535 after the colon")
	}
	return name, port, checkName(name)
}

// splitBrackets reads what follows the opening bracket.
func splitBrackets(inner string) (name, port string, err error) {
	name, rest, found := strings.Cut(inner, "]")
	if !found {
		return "", "", errors.New("no closing bracket, " + expectedHost)
	}
	address, err := netip.ParseAddr(name)
	if err != nil || !address.Is6() {
		return "", "", errors.New("no IPv6 address in the brackets, " + expectedHost)
	}
	if rest == "" {
		return name, "", checkZone(address)
	}
	port, found = strings.CutPrefix(rest, ":")
	if !found || port == "" {
		return "", "", errors.New("expected a colon and a port after the bracket")
	}
	return name, port, checkZone(address)
}

// checkZone accepts a network interface: netip takes any text behind the %.
func checkZone(address netip.Addr) error {
	for _, r := range address.Zone() {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_", r) {
			return errors.New("expected a network interface after the %, such as fe80::1%eth0")
		}
	}
	return nil
}

// checkName accepts what can be a host name and nothing that could be an
// option, a URL, an account or a mistyped address.
func checkName(name string) error {
	if len(name) > 253 {
		return errors.New("longer than the 253 characters of a host name, " + expectedHost)
	}
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return errors.New("not a host name, " + expectedHost)
		}
		for _, r := range label {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '-' && r != '_' {
				return errors.New("not a host name, " + expectedHost)
			}
		}
	}
	// No top-level domain is a number: this is an address that went wrong, and
	// a resolver may take 10.1 for 10.0.0.1.
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		if _, err := netip.ParseAddr(name); err != nil {
			return errors.New("not an IPv4 address, " + expectedHost)
		}
	}
	return nil
}

// bounded cuts text to at most n bytes.
func bounded(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "..."
}
