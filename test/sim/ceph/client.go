package ceph

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

// errSilent is what ceph says when no monitor lets it in; it gives up then.
var errSilent = errors.New("timed out")

// client is what the options say.
type client struct {
	id, keyring, conf string
	limit             time.Duration
	asked             []string
	server, caps      string
	out, complaints   io.Writer
}

// Command is the ceph command of this simulator: it takes the options that a
// monitoring plugin gives it, reads questions from in or from its arguments,
// and asks the simulator that --conf names. It returns the exit code.
func Command(args []string, in io.Reader, out, complaints io.Writer) int {
	c := client{id: "admin", conf: "/etc/ceph/ceph.conf", limit: 300 * time.Second, out: out, complaints: complaints}
	if err := c.run(args, in); err != nil {
		c.complain(err)
		return 1
	}
	return 0
}

func (c *client) complain(err error) {
	// nobody may be reading
	_, _ = fmt.Fprintln(c.complaints, err)
}

func (c *client) run(args []string, in io.Reader) error {
	values := map[string]*string{"--id": &c.id, "--keyring": &c.keyring, "--conf": &c.conf, "-f": new(string), "--connect-timeout": new(string), "--rados-mon-op-timeout": new(string)}
	for len(args) > 0 {
		target, known := values[args[0]]
		if !known {
			c.asked = append(c.asked, args[0])
			args = args[1:]
			continue
		}
		if len(args) < 2 {
			return fmt.Errorf("%s: expected a value", args[0])
		}
		*target, args = args[1], args[2:]
	}
	if seconds, err := time.ParseDuration(*values["--rados-mon-op-timeout"] + "s"); err == nil {
		c.limit = seconds
	}
	if err := c.connect(); err != nil {
		return err
	}
	if len(c.asked) > 0 {
		return c.question(strings.Join(c.asked, " "))
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		err := c.question(lines.Text())
		if errors.Is(err, errSilent) {
			return err
		}
		if err != nil {
			// ceph goes on, and exits 0 in the end
			c.complain(err)
		}
	}
	return lines.Err()
}

var (
	monHost = regexp.MustCompile(`(?m)^mon host = (\S+)$`)
	key     = regexp.MustCompile(`(?m)^\s*key = (\S+)$`)
)

// connect finds the simulator and what the key may do, and complains as ceph
// does.
func (c *client) connect() error {
	conf, err := os.ReadFile(c.conf)
	if err != nil {
		return fmt.Errorf("%s", "Error initializing cluster client: ObjectNotFound('RADOS object not found (error calling conf_read_file)')")
	}
	m := monHost.FindSubmatch(conf)
	if m == nil {
		return errors.New("unable to get monitor info from DNS SRV with service name: ceph-mon")
	}
	c.server = string(m[1])
	if c.keyring == "" {
		return errors.New("auth: unable to find a keyring on /etc/ceph/ceph.client." + c.id + ".keyring: (2) No such file or directory\n[errno 2] RADOS object not found (error connecting to the cluster)")
	}
	text, err := os.ReadFile(c.keyring)
	if err != nil {
		return errors.New("auth: unable to find a keyring on " + c.keyring + ": (13) Permission denied\n[errno 13] RADOS permission denied (error connecting to the cluster)")
	}
	k := key.FindSubmatch(text)
	if k == nil || string(k[1]) != "good" || !strings.Contains(string(text), "[client."+c.id+"]") {
		return errors.New("monclient(hunting): handle_auth_bad_method server allowed_methods [2] but i only support [2]\n[errno 13] RADOS permission denied (error connecting to the cluster)")
	}
	c.caps = "mon mgr"
	if c.id == "mon" {
		c.caps = "mon"
	}
	return nil
}

// question asks one thing and prints the document.
func (c *client) question(words string) error {
	if strings.TrimSpace(words) == "" {
		return nil
	}
	response, err := http.Post("http://"+c.server+"/?caps="+url.QueryEscape(c.caps), "text/plain", strings.NewReader(words))
	if err != nil {
		time.Sleep(c.limit)
		return errSilent
	}
	defer response.Body.Close() // read to its end
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var reply struct {
		Document, Error string
		Hang            time.Duration
	}
	if err := json.Unmarshal(raw, &reply); err != nil {
		return err
	}
	if reply.Hang > 0 {
		time.Sleep(min(reply.Hang, c.limit))
	}
	if reply.Error == errSilent.Error() {
		return errSilent
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	_, err = fmt.Fprintf(c.out, "\n%s\n", reply.Document)
	return err
}
