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

// names is what a text names that not everybody may read: a node, an address or a
// customer; empty when nothing is.
func (e *Estate) names(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,;!?()[]"'`, r) })
	for _, w := range words {
		w = strings.TrimRight(w, ".:/")
		if _, err := netip.ParseAddr(w); err == nil || slices.ContainsFunc(e.story.Nodes(), func(n string) bool { return strings.EqualFold(n, w) }) {
			return w
		}
	}
	line := " " + strings.ToLower(strings.Join(words, " ")) + " "
	for _, name := range e.people {
		if len([]rune(name)) > 2 && strings.Contains(line, " "+strings.ToLower(name)+" ") {
			return name
		}
	}
	return ""
}
