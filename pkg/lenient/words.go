package lenient

import "strings"

// Words are texts that come again and again, each kept once: of fifty thousand
// guests all but the names are the same few nodes, pools and tags.
type Words map[string]string

// One is the text as it was kept first. It holds no other text in memory that it is
// a part of.
func (w Words) One(s string) string {
	kept, found := w[s]
	if !found {
		kept = strings.Clone(s)
		w[kept] = kept
	}
	return kept
}
