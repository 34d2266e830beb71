package channel

import (
	"encoding/xml"
	"strings"
	"time"
)

// atom is a feed (RFC 4287).
type atom struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string   `xml:"xml:lang,attr"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  string   `xml:"author>name"`
	Link    []link   `xml:"link"`
	Entry   []entry  `xml:"entry"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type entry struct {
	Lang    string  `xml:"xml:lang,attr"`
	ID      string  `xml:"id"`
	Title   string  `xml:"title"`
	Updated string  `xml:"updated"`
	Content content `xml:"content"`
}

type content struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// feed is feed.xml. An entry is a notice; a notice never changes, and neither
// does its id, which is that of the mail (RFC 2392).
func (p published) feed() ([]byte, error) {
	newest := p.Notices[0]
	a := atom{
		Lang: newest.Language, ID: p.Feed, Title: authority(p.Feed), Updated: stamp(newest.Date), Author: authority(p.Feed),
		Link: []link{{"self", "application/atom+xml", fileFeed}, {"alternate", "text/html", filePage}},
	}
	for _, n := range p.Notices {
		a.Entry = append(a.Entry, entry{n.Language, "mid:" + n.ID, n.Subject, stamp(n.Date), content{"html", paragraphs(n.Text)}})
	}
	text, err := xml.MarshalIndent(a, "", " ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// stamp is a time as feeds have it: with seconds and no more.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// authority is the domain in a tag's address.
func authority(tag string) string {
	domain, _, _ := strings.Cut(strings.TrimPrefix(tag, "tag:"), ",")
	return domain
}
