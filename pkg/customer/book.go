package customer

import (
	"slices"
	"strings"
)

// Book finds the owners of many guests among many customers.
type Book struct {
	all         []Customer
	pools, tags map[string][]int
	ranged      []int // those with numbers
}

// BookOf is the book of all customers.
func BookOf(all []Customer) Book {
	b := Book{all: all, pools: map[string][]int{}, tags: map[string][]int{}}
	for i, c := range all {
		ranged := false
		for _, s := range c.owns {
			switch {
			case s.pool != "":
				b.pools[s.pool] = append(b.pools[s.pool], i)
			case s.tag != "":
				b.tags[strings.ToLower(s.tag)] = append(b.tags[strings.ToLower(s.tag)], i)
			default:
				ranged = true
			}
		}
		if ranged {
			b.ranged = append(b.ranged, i)
		}
	}
	return b
}

// Owners are the customers whose guest it is: none, one as a rule, or several,
// which is a mistake in the file that nobody else can settle.
func (b Book) Owners(g Guest) []Customer {
	some := slices.Concat(b.pools[g.Pool], b.ranged)
	for _, tag := range g.Tags {
		some = append(some, b.tags[strings.ToLower(tag)]...)
	}
	slices.Sort(some)
	var out []Customer
	for _, i := range slices.Compact(some) {
		if b.all[i].Owns(g) {
			out = append(out, b.all[i])
		}
	}
	return out
}
