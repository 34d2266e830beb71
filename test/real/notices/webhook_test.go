//go:build real

package notices

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/secret"
)

const hookKey = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// request is what the receiver says of one.
type request struct {
	Port     int            `json:"port"`
	Path     string         `json:"path"`
	Genuine  bool           `json:"genuine"`
	Fresh    bool           `json:"fresh"`
	Again    bool           `json:"again"`
	Delivery string         `json:"delivery"`
	Type     string         `json:"type"`
	Notice   map[string]any `json:"notice"`
}

// receiver starts the customer's program. next returns what it said of a request.
func receiver(t *testing.T) (url string, next func() request) {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", "reader/receiver.py", home+"/cert.pem", home+"/key.pem", hookKey)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	next = func() request {
		t.Helper()
		var r request
		patience := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() }) // rather than wait for ever
		defer patience.Stop()
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &r) != nil {
			t.Fatalf("the receiver says %q, %v", lines.Text(), lines.Err())
		}
		return r
	}
	return fmt.Sprintf("https://127.0.0.1:%d/", next().Port), next
}

// TestWebhook: a receiver that answers slowly, with an error, never, and then
// well. It gets the same notice each time and can tell so.
func TestWebhook(t *testing.T) {
	url, next := receiver(t)
	s, err := channel.Options{}.Webhook(secret.Options{AuthFile: put(t, "auth.ini", "[127.0.0.1]\ntoken = "+hookKey+"\n")})
	if err != nil {
		t.Fatal(err)
	}
	delivery := ""
	for i, step := range []struct {
		path string
		want channel.Outcome
	}{{"slow", channel.Sent}, {"500", channel.NotSent}, {"never", channel.Unknown}, {"well", channel.Sent}} {
		m := life(t)[0]
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if step.path == "never" {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 3*time.Second)
		}
		outcome, err := s.Send(ctx, url+step.path, m)
		cancel()
		if outcome != step.want || (err == nil) != (step.want == channel.Sent) {
			t.Errorf("%s: %s, %v", step.path, outcome, err)
		}
		got := next()
		if got.Path != "/"+step.path || !got.Genuine || !got.Fresh || got.Type != "application/json" || got.Again != (i > 0) || i > 0 && got.Delivery != delivery {
			t.Errorf("%s: %+v", step.path, got)
		}
		delivery = got.Delivery
		if got.Notice["id"] != m.ID || got.Notice["kind"] != "announced" || got.Notice["text"] != m.Text || got.Notice["facts"].(map[string]any)["name"] != hostile {
			t.Errorf("%s: %v", step.path, got.Notice)
		}
	}
}
