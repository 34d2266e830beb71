package story

import (
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/executable"
)

const notifyPlugin = "notify_customers"

// sending tells customers. Words with blanks come after it.
func sending(more ...string) []string { return ask(notifyPlugin, append(more, "--send")...) }

// announced is what comes before the first guest leaves: customers hear of it.
func announced() []Step {
	work := []string{"--announce", "--node", "pve3", "--from", "0m", "--until", "2h", "--reason", "fans"}
	return []Step{
		{
			Happens: "The work is announced to the customers. First: what would go to whom?",
			Command: ask(notifyPlugin, work...), Exit: 0, Line: `OK: 2 notices would go, nothing is sent`,
			Why: "One in Spanish, one in German, each with his own servers and in his own time. Nobody else has a server there.",
		},
		{
			Happens: "Now it goes.",
			Command: sending(work...), Exit: 0, Line: `OK: 2 customers told, 0 disturbances open`,
			Why: "The relay has taken both. From here on a run every minute says the rest by itself.",
		},
	}
}

// begun: HA empties the node, and customers are told so.
func begun() []Step {
	return []Step{
		{
			Happens: "The cluster's check sees that pve3 is being emptied.",
			Command: question(cluster), Exit: 0, Line: `OK: `,
			Why: "It writes that down. Customers are told from what is written down, and from nothing else.",
		},
		{
			Happens: "The customers' minute.",
			Command: sending(), Exit: 0, Line: `OK: 2 customers told, 0 disturbances open`,
			Why: "The work has begun. Nobody had to write a mail.",
		},
	}
}

// next is one of the runs that come every minute.
func next(why string) Step {
	return Step{Happens: "The customers' minute.", Command: sending(), Exit: 0, Line: `OK: 2 customers told, 0 disturbances open`, Why: why}
}

// night is another cluster, whose journal is told with its times, because a demo
// has no half an hour.
func night() []Step {
	tell := func(more ...string) []string {
		return append([]string{notifyPlugin, "--extra-opts=night@$SITE", "--send"}, more...)
	}
	return []Step{
		{
			Happens: "In another cluster a node has been down for some minutes, and two customers' servers with it.",
			Do:      func(w *World) error { return w.night(-20, -10, 0) },
			Command: tell(), Exit: 0, Line: `OK: 2 customers told, 2 disturbances open`,
			Why: "check_guests found them silent and looked again. Each is told of his own server, and by when there is word again.",
		},
		{
			Happens: "Somebody drives there.",
			Command: tell("--tell", "A technician is on the way."), Exit: 0, Line: `OK: 2 customers told, 2 disturbances open`,
			Why: "A human's own sentence goes to all who are affected, in their frame.",
		},
		{
			Happens: "All servers have answered for five minutes.",
			Do:      func(w *World) error { return w.night(-20, -10, -6) },
			Command: tell(), Exit: 0, Line: `OK: 2 customers told, 0 disturbances open`,
			Why: "Resolved, with how long it took. Never before the last server answers.",
		},
	}
}

// night writes the journal of the other cluster: since when, in minutes, servers
// are silent, when somebody looked, and since when they answer again (0: not yet).
func (w *World) night(silent, looked, back int) error {
	now := time.Now().UTC().Truncate(time.Second)
	at := func(minutes int) string { return now.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	var b strings.Builder
	line := func(minutes int, more string) {
		fmt.Fprintf(&b, `{"v":1,"id":"night%d","at":"%s","seen":"%s","by":"check_guests","cluster":"other",%s}`+"\n", b.Len(), at(minutes), at(minutes), more)
	}
	look := func(minutes int) {
		line(minutes, fmt.Sprintf(`"kind":"observed","from":"%s","until":"%s","polls":1,"pause_s":0`, at(minutes), at(minutes)))
	}
	for id, name := range map[int]string{103: "shop", 105: "db1"} {
		guest := fmt.Sprintf(`"node":"pve9","guest":{"id":%d,"type":"vm","name":"%s"},`, id, name)
		line(-60, guest+`"kind":"guest_listed","answers":true`)
		line(silent, guest+`"kind":"guest_silent","class":"node"`)
		if back != 0 {
			line(back, guest+`"kind":"guest_answers"`)
		}
	}
	if look(looked); back != 0 {
		look(0)
	}
	dir := w.names["NIGHT"]
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, now.Format("2006-01")+".jsonl"), []byte(b.String()), 0o600)
}

// post says where customers' files are, and makes a Maildir, and a sendmail that delivers into it.
func (w *World) post() error {
	box := filepath.Join(w.Dir, "Maildir")
	w.names["CUSTOMERS"], w.names["REPORTS"] = filepath.Join(w.Dir, "customers.ini"), filepath.Join(w.Dir, "reports")
	w.names["NIGHT"], w.names["SENDMAIL"] = filepath.Join(w.Dir, "night"), filepath.Join(w.Dir, "sendmail")
	for _, dir := range []string{box, box + "/new", box + "/cur", box + "/tmp", filepath.Join(w.Dir, "state-night")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	script := "#!/bin/sh\nf=$(mktemp " + box + "/tmp/XXXXXXXX) && cat >\"$f\" && mv \"$f\" \"" + box + "/new/$(date +%s.%N).$$\"\n"
	return executable.Write(w.names["SENDMAIL"], script)
}

// Letter is a mail as it arrived.
type Letter struct{ File, To, Subject string }

// Letters are those in the Maildir, in the order in which they came.
func (w *World) Letters() ([]Letter, error) {
	files, err := os.ReadDir(w.Maildir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Letter
	for _, f := range files {
		path := filepath.Join(w.Maildir(), f.Name())
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		m, err := mail.ReadMessage(file)
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, Letter{path, m.Header.Get("To"), subject})
	}
	return out, nil
}

// Maildir is where mail arrives.
func (w *World) Maildir() string { return filepath.Join(w.Dir, "Maildir", "new") }
