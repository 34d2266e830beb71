package notice

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/noout-monitoring/noout/pkg/customer"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Estate is whose guest is whose, now.
type Estate struct {
	story *Story
	of    map[string][]*guest
	// people are what customers are called.
	people []string
	// Shared are guests of two customers or more: nobody is told of them, because
	// one of the two is a stranger.
	Shared []Shared
}

// Shared is a guest that the file gives to several customers.
type Shared struct {
	ID   int
	Keys []string
}

// EstateOf finds the guests of each customer.
func EstateOf(s *Story, all []customer.Customer) *Estate {
	e := &Estate{story: s, of: map[string][]*guest{}}
	for _, c := range all {
		e.people = append(e.people, c.Name)
	}
	book := customer.BookOf(all)
	for _, g := range s.sorted() {
		owners := book.Owners(customer.Guest{ID: g.id, Pool: g.last.Pool, Tags: g.last.Tags})
		switch len(owners) {
		case 0:
		case 1:
			e.of[owners[0].Key] = append(e.of[owners[0].Key], g)
		default:
			x := Shared{ID: g.id}
			for _, c := range owners {
				x.Keys = append(x.Keys, c.Key)
			}
			e.Shared = append(e.Shared, x)
		}
	}
	return e
}

// names is what a text names that not everybody may read: one of the nodes, an
// address or a customer; empty when nothing is.
func (e *Estate) names(text string, nodes []string) string {
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !word(r) && !strings.ContainsRune(".:%", r) }) {
		if a := address(w); a != "" {
			return a
		}
	}
	// What a node is called may be part of an address of the web, or joined to a mark.
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !word(r) && r != '-' }) {
		w = strings.Trim(w, "-")
		if slices.ContainsFunc(nodes, func(n string) bool { return strings.EqualFold(n, w) }) {
			return w
		}
	}
	for _, name := range e.people {
		if len([]rune(name)) > 2 && called(text, name) {
			return name
		}
	}
	return ""
}

// address is the IP address in a word, which may have a port, or a word before it.
func address(w string) string {
	for {
		for _, cut := range []string{"", ".", ".:"} {
			if a := strings.TrimRight(w, cut); isAddress(a) {
				return a
			}
		}
		first, rest, more := strings.Cut(w, ":")
		if first = strings.Trim(first, "."); isAddress(first) {
			return first
		}
		if !more {
			return ""
		}
		w = rest
	}
}

func isAddress(w string) bool {
	_, err := netip.ParseAddr(w)
	return err == nil
}

// called says whether a text has a customer's name, whatever stands between its
// words. Who is called by signs alone is looked for as he is written.
func called(text, name string) bool {
	if words := plain(name); words != "" {
		return strings.Contains(" "+plain(text)+" ", " "+words+" ")
	}
	return strings.Contains(text, name)
}

// plain are the words of a text, in small letters.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !word(r) }), " ")
}

// word says whether words are made of a character.
func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
