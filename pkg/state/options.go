package state

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// Options are the flags, spelled alike in every plugin that remembers.
type Options struct {
	Dir    string `name:"state-dir" help:"Directory to remember in, default /var/lib/noout/USER or $XDG_STATE_HOME/noout." placeholder:"DIR"`
	Mode   string `name:"state" enum:"auto,require,off" default:"auto" help:"Memory between runs: auto (say when there is none), require (without it UNKNOWN), off." placeholder:"MODE"`
	AsUser string `name:"as-user" help:"Use the memory of this user, for root who acknowledges what the poller saw." placeholder:"USER"`
}

// Off is the Mode in which nothing is remembered.
const Off = "off"

// Validate returns an error that names the option and what was expected.
func (o Options) Validate() error {
	if o.AsUser == "" {
		return nil
	}
	if o.Mode == Off {
		return errors.New("--as-user uses a memory, expected it without --state off")
	}
	if os.Geteuid() != 0 {
		return errors.New("--as-user: expected to be run by root")
	}
	_, err := ownerNamed(o.AsUser)
	return err
}

// Open finds the directory and checks it: --state-dir, else
// /var/lib/noout/USER, else $XDG_STATE_HOME/noout, else ~/.local/state/noout.
// One that is missing is made when its parent allows it, otherwise the next one
// is taken. One that is there but cannot be used is an error and not a reason
// to go on: another directory would mean to forget. The error says what is wrong
// and what to do. With Mode off the Store is nil.
//
// With AsUser root works in the directory of that user, which must exist
// already, gives the user what it writes, and refuses what belongs to neither.
// XDG_STATE_HOME is root's then and does not count.
func (o Options) Open(plugin string) (*Store, error) {
	if o.Mode == Off {
		return nil, nil
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	who, err := o.owner()
	if err != nil {
		return nil, err
	}
	return o.openIn(plugin, who, defaults(who))
}

const (
	digits  = "0123456789"
	lower   = "abcdefghijklmnopqrstuvwxyz"
	letters = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// pluginName has no dot and no slash, see fileName.
func pluginName(name string) bool {
	return name != "" && len(name) <= 40 && strings.Trim(name, lower+digits+"_-") == ""
}

func (o Options) openIn(plugin string, who owner, places []place) (*Store, error) {
	if !pluginName(plugin) {
		return nil, fmt.Errorf("state of %q: expected a plugin's name", plugin)
	}
	if o.Dir != "" {
		dir, err := filepath.Abs(o.Dir)
		if err != nil {
			return nil, fmt.Errorf("--state-dir %s: %w", o.Dir, err)
		}
		places = []place{{path: dir, make: 1}}
	}
	var missing error
	for _, at := range places {
		if who.other {
			at.make = 0
		}
		dir, err := at.open(who)
		if err == nil {
			return &Store{plugin: plugin, path: at.path, dir: dir, owner: who}, nil
		}
		if !errors.Is(err, errMissing) {
			return nil, fmt.Errorf("state directory %s: %w", at.path, advise(err))
		}
		if missing == nil { // the first is where packages expect it
			missing = fmt.Errorf("state directory %s: %w", at.path, err)
		}
	}
	if missing == nil {
		missing = errors.New("state directory: this user has no home, give --state-dir")
	}
	return nil, missing
}

// owner is whose memory it is.
type owner struct {
	uid, gid int
	name     string
	home     string
	other    bool // root acts for this user
}

func (o Options) owner() (owner, error) {
	if o.AsUser != "" {
		return ownerNamed(o.AsUser)
	}
	who := owner{uid: os.Geteuid(), gid: os.Getegid(), home: os.Getenv("HOME")}
	who.name = strconv.Itoa(who.uid)
	if account, err := user.LookupId(who.name); err == nil {
		who.name = account.Username
		if who.home == "" { // as under NRPE
			who.home = account.HomeDir
		}
	}
	return who, nil
}

func ownerNamed(name string) (owner, error) {
	account, err := user.Lookup(name)
	if err != nil {
		return owner{}, fmt.Errorf("--as-user %s: expected a user of this machine", name)
	}
	uid, uidErr := strconv.Atoi(account.Uid)
	gid, gidErr := strconv.Atoi(account.Gid)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return owner{}, fmt.Errorf("--as-user %s: %w", name, err)
	}
	return owner{uid: uid, gid: gid, name: account.Username, home: account.HomeDir, other: true}, nil
}

func nameOf(uid int) string {
	number := strconv.Itoa(uid)
	if account, err := user.LookupId(number); err == nil {
		return account.Username
	}
	return "uid " + number
}

// base is where packages make a directory for each user who runs plugins.
const base = "/var/lib/noout"

// userName says whether a user's name can be that of a directory.
func userName(name string) bool {
	return name != "" && !strings.ContainsAny(name[:1], ".-") && strings.Trim(name, letters+digits+"._-") == ""
}

// defaults are the places to look for a directory, in this order.
func defaults(who owner) []place {
	name := who.name
	if !userName(name) {
		name = strconv.Itoa(who.uid)
	}
	places := []place{{path: filepath.Join(base, name), make: 1}}
	if xdg := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(xdg) && !who.other {
		return append(places, place{path: filepath.Join(xdg, "noout"), make: 2})
	}
	if filepath.IsAbs(who.home) {
		places = append(places, place{path: filepath.Join(who.home, ".local/state/noout"), make: 3})
	}
	return places
}
