// Package customer says whose guest is whose: customers with their name, their
// language, their time zone and how they are reached, from a file that the hoster
// writes.
//
//	[acme]
//	name = Acme Ltd
//	language = es
//	timezone = Europe/Madrid
//	mail = ops@acme.example
//	webhook = https://acme.example/notices
//	guests = pool:acme tag:acme vmid:100-110
//
// Only report_service and notify_customers may import it.
package customer

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // customers' zones, also where the machine knows none: 0.4 MB

	"github.com/noout-monitoring/noout/pkg/locale"
	"github.com/noout-monitoring/noout/pkg/regex"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// Customer is one section of the file.
type Customer struct {
	// Key is the section's head: a file name and a part of ids.
	Key  string
	Name string
	// Language is one of [locale.Languages].
	Language string
	Zone     *time.Location
	Mail     []string
	Webhook  string
	// Pages is the folder of his pages, where pages are made.
	Pages string
	// Account is his number at the hoster, as his own tools know it, if he has one.
	Account string
	// Tell says of what he wants to be told, and After how long one of his guests
	// has to be silent before he is; 0 for what is usual.
	Tell  Telling
	After time.Duration
	// Calendar says how planned work comes as a calendar: [CalendarPlain],
	// [CalendarRequest] or [CalendarNone].
	Calendar string
	owns     []selector
}

// Telling is of what a customer is told.
type Telling struct{ Planned, Disturbances bool }

// How planned work comes as a calendar: without a method, so that no program
// enters it by itself; as a request, which programs enter; not at all.
const (
	CalendarPlain   = "plain"
	CalendarRequest = "request"
	CalendarNone    = "none"
)

// Guest is what of a guest tells whose it is.
type Guest struct {
	ID   int
	Pool string
	Tags []string
}

// selector is one word of guests.
type selector struct {
	pool, tag   string
	first, last int
}

// tagged compares as Proxmox VE does by default, without regard to case.
func (s selector) tagged(tag string) bool { return strings.EqualFold(tag, s.tag) }

// Owns says whether a guest is the customer's.
func (c Customer) Owns(g Guest) bool {
	return slices.ContainsFunc(c.owns, func(s selector) bool {
		return s.pool != "" && s.pool == g.Pool || s.tag != "" && slices.ContainsFunc(g.Tags, s.tagged) || s.first <= g.ID && g.ID <= s.last
	})
}

// Find is the customer of a key.
func Find(all []Customer, key string) (Customer, bool) {
	i := slices.IndexFunc(all, func(c Customer) bool { return c.Key == key })
	if i < 0 {
		return Customer{}, false
	}
	return all[i], true
}

// Read reads the file, of at most 1 MiB. It has to be root's or the caller's, and
// nobody else may write it. Errors say the line and what was expected, and
// nothing that stands there: customers are nobody else's business.
func Read(path string) ([]Customer, error) {
	sections, err := secret.GuardedSections(path)
	if err != nil {
		return nil, err
	}
	if len(sections) == 0 {
		return nil, fmt.Errorf("%s: is empty, expected a section for each customer", path)
	}
	var out []Customer
	known := zones{}
	for _, s := range sections {
		c, err := customerOf(s, known)
		if err == nil {
			if _, twice := Find(out, c.Key); twice {
				err = at(s.Line, errors.New("the same customer again, expected each once"))
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func at(line int, err error) error { return fmt.Errorf("line %d: %w", line, err) }

// key can be a part of a file's name and of an identifier.
var key = regex.Of(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// zones are those that were loaded: one is some kilobytes, and many customers have
// the same.
type zones map[string]*time.Location

func (z zones) of(name string) (*time.Location, error) {
	if z[name] != nil {
		return z[name], nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, errors.New("expected a time zone such as Europe/Madrid")
	}
	z[name] = zone
	return zone, nil
}

func customerOf(s secret.Section, known zones) (Customer, error) {
	if !key.MatchString(s.Name) {
		return Customer{}, at(s.Line, errors.New("expected a short key between the brackets: small letters, digits, - and _"))
	}
	c := Customer{Key: s.Name, Language: locale.Default, Zone: time.UTC, Tell: Telling{true, true}, Calendar: CalendarPlain}
	seen := map[string]bool{}
	for _, k := range s.Keys {
		if k.Bare || k.Value == "" {
			return Customer{}, at(k.Line, errors.New("expected key = value"))
		}
		if seen[k.Name] {
			return Customer{}, at(k.Line, errors.New("the same key again, expected each once"))
		}
		seen[k.Name] = true
		var err error
		if k.Name == "timezone" {
			c.Zone, err = known.of(k.Value)
		} else {
			err = c.set(k.Name, k.Value)
		}
		if err != nil {
			return Customer{}, at(k.Line, err)
		}
	}
	switch {
	case c.Name == "":
		return Customer{}, at(s.Line, errors.New("expected a name in this section"))
	case len(c.owns) == 0:
		return Customer{}, at(s.Line, errors.New("expected guests in this section, such as guests = pool:acme"))
	}
	return c, nil
}

// longestName of a customer, in characters.
const longestName = 200

func (c *Customer) set(name, value string) error {
	switch name {
	case "name":
		if c.Name = Clean(value, longestName); c.Name == "" {
			return errors.New("expected a name")
		}
	case "language":
		known, err := locale.Known(value)
		if err != nil {
			return err
		}
		c.Language = known
	case "mail":
		for _, word := range words(value) {
			address, err := mail.ParseAddress(word)
			if err != nil || address.Name != "" || !ascii(address.Address) {
				return errors.New("expected addresses such as ops@acme.example")
			}
			if !slices.Contains(c.Mail, address.Address) { // else he is told twice
				c.Mail = append(c.Mail, address.Address)
			}
		}
	case "webhook":
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return errors.New("expected an address such as https://acme.example/notices, without a user")
		}
		c.Webhook = value
	case "guests":
		return c.guests(value)
	default:
		return c.policy(name, value)
	}
	return nil
}

// words are separated by blanks or commas.
func words(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' || r < '!' })
}

func (c *Customer) guests(value string) error {
	expected := errors.New("expected words such as pool:acme, tag:acme, vmid:105 or vmid:100-110")
	for _, word := range words(value) {
		how, what, _ := strings.Cut(word, ":")
		var s selector
		switch how {
		case "pool":
			s.pool = what
		case "tag":
			s.tag = what
		case "vmid":
			from, until, ranged := strings.Cut(what, "-")
			if !ranged {
				until = from
			}
			var errFirst, errLast error
			s.first, errFirst = strconv.Atoi(from)
			s.last, errLast = strconv.Atoi(until)
			if errFirst != nil || errLast != nil || s.first < 1 || s.last < s.first {
				return expected
			}
		default:
			return expected
		}
		if what == "" {
			return expected
		}
		if how != "vmid" {
			s.first, s.last = 1, 0 // no number
		}
		c.owns = append(c.owns, s)
	}
	if len(c.owns) == 0 {
		return expected
	}
	return nil
}
