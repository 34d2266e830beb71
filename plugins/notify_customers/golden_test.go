package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
)

func TestCommandLine(t *testing.T) { checktest.CommandLine(t, plugin) }

// desktop is a directory in which a story is told: the file now says what time it
// is, the file refused who takes nothing, and the file lost whose answer is lost.
type desktop struct {
	mu  sync.Mutex
	dir string
}

func (d *desktop) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(d.dir, "now"))
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		panic(err)
	}
	return at
}

func (d *desktop) says(file, to string) bool {
	text, err := os.ReadFile(filepath.Join(d.dir, file))
	return err == nil && strings.Contains(string(text), to)
}

// Send takes what is sent, and says so, or not.
func (d *desktop) Send(_ context.Context, to string, m channel.Message) (channel.Outcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.says("refused", to):
		return channel.NotSent, errors.New("relay.example.net refuses the recipient: 550 5.1.1 unknown user")
	case d.says("lost", to):
		return channel.Unknown, errors.New("relay.example.net did not answer after all was sent")
	}
	return channel.Sent, nil
}

func TestGolden(t *testing.T) {
	d := &desktop{}
	senders := map[string]channel.Sender{byMail: d, byWebhook: d, byPages: d}
	checktest.Golden(t, func() check.Plugin { return pluginWith(d.now, senders) }, "testdata/*.txtar", func(_ *testing.T, dir string) map[string]string {
		d.dir = dir
		return nil
	})
}
