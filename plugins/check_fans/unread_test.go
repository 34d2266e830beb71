package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"
)

// TestUnreachable: a controller that does not answer says nothing about its
// fans, whatever is expected or left out.
func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"--expect-fans", "6"}, {"--exclude", "fans"}, {"--include", "FAN1"}, {"--log", "require"}} {
		var out bytes.Buffer
		args := append([]string{"-H", nobody, "--via", "redfish", "--state", "off"}, more...)
		code := pluginAt(time.Now).Run(args, &out)
		if text := out.String(); code != 3 || !strings.Contains(text, "connection refused") || strings.Contains(text, "also") || strings.Contains(text, "panic") {
			t.Errorf("%v: exit code %d, want 3 and the reason alone:\n%s", more, code, text)
		}
	}
}
