package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// pages writes what was told into a folder for each customer: index.html for
// people, feed.xml (Atom) for their readers, notices.json for their programs. A
// web server shows them; who may see which folder is for its configuration.
type pages struct {
	dir    string
	domain string // of --mail-from, for ids
}

// The files, in the order in which they are written: the pages are made from
// the first one, so that a run that was killed between them is made good by the
// next.
const (
	fileNotices = "notices.json"
	fileFeed    = "feed.xml"
	filePage    = "index.html"
)

// Bounds: how many notices are shown, and how large notices.json may be.
const (
	mostNotices = 100
	maxNotices  = 8 << 20
)

// published is notices.json.
type published struct {
	Version int `json:"version"`
	// Feed is the id of the Atom feed, which never changes.
	Feed string `json:"feed"`
	// Notices are the newest ones, the last one first.
	Notices []document `json:"notices"`
}

// Send adds the notice to the folder that is named so. One that is there already
// is written again, and stays one.
func (p pages) Send(ctx context.Context, to string, m Message) (Outcome, error) {
	if !folderName(to) {
		return NotSent, errors.New("the customer's folder for --pages: expected letters, digits, - and _")
	}
	f, err := openFolder(p.dir, to)
	if err != nil {
		return NotSent, err
	}
	defer f.close()
	unlock, err := f.lock(ctx)
	if err != nil {
		return NotSent, err
	}
	defer unlock()
	known, err := p.known(f, to, m)
	if err != nil {
		return NotSent, err
	}
	known.add(documentOf(m))
	if err := known.write(f); err != nil {
		return NotSent, err
	}
	return Sent, nil
}

// known is what was published before.
func (p pages) known(f *folder, name string, m Message) (published, error) {
	text, err := f.read(fileNotices, maxNotices)
	if err != nil {
		return published{}, err
	}
	if text == nil {
		// RFC 4151: a day on which the domain was ours.
		return published{Version: 1, Feed: fmt.Sprintf("tag:%s,%s:%s", p.domain, m.Date.UTC().Format(time.DateOnly), name)}, nil
	}
	var known published
	if err := json.Unmarshal(text, &known); err != nil || known.Version != 1 || known.Feed == "" {
		return published{}, fmt.Errorf("--pages: %s/%s is damaged or of a later version: move it away", f.path, fileNotices)
	}
	return known, nil
}

// add puts a notice where its time is.
func (p *published) add(d document) {
	p.Notices = slices.DeleteFunc(p.Notices, func(n document) bool { return n.ID == d.ID })
	p.Notices = append([]document{d}, p.Notices...)
	slices.SortStableFunc(p.Notices, func(a, b document) int { return b.Date.Compare(a.Date) })
	p.Notices = p.Notices[:min(len(p.Notices), mostNotices)]
}

func (p published) write(f *folder) error {
	notices, err := encode(p)
	if err != nil {
		return fmt.Errorf("the notice as JSON: %w", err)
	}
	feed, err := p.feed()
	if err != nil {
		return fmt.Errorf("the notice as a feed: %w", err)
	}
	for _, file := range []struct {
		name string
		text []byte
	}{{fileNotices, notices}, {fileFeed, feed}, {filePage, []byte(p.page())}} {
		if err := f.write(file.name, file.text); err != nil {
			return err
		}
	}
	return nil
}

// style: no script, no image, no request to anywhere; colours of the reader's
// choice.
const style = `:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;max-width:45rem;margin:0 auto;padding:1rem}
article{border-top:1px solid;padding:.5rem 0}h2{font-size:1.1rem;margin:.5rem 0 0}time{font-size:.85rem}p{margin:.5rem 0;white-space:pre-line}h1,h2,p{overflow-wrap:anywhere}`

// page is index.html. Its only words are those of the notices.
func (p published) page() string {
	var b strings.Builder
	first := p.Notices[0]
	lang := html.EscapeString(oneLine(first.Language))
	b.WriteString("<!DOCTYPE html>\n<html lang=\"" + lang + "\"><head><meta charset=\"utf-8\">\n")
	b.WriteString(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` + "\n")
	b.WriteString(`<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">` + "\n")
	b.WriteString(`<link rel="alternate" type="application/atom+xml" href="feed.xml">` + "\n<title>")
	b.WriteString(html.EscapeString(first.Subject) + "</title>\n<style>" + style + "</style></head>\n<body><main>\n")
	for i, n := range p.Notices {
		level := "h2"
		if i == 0 {
			level = "h1"
		}
		date := n.Date.UTC()
		b.WriteString("<article lang=\"" + html.EscapeString(oneLine(n.Language)) + "\">\n<" + level + ">" + html.EscapeString(n.Subject) + "</" + level + ">\n")
		b.WriteString("<time datetime=\"" + stamp(date) + "\">" + date.Format("2006-01-02 15:04 UTC") + "</time>\n")
		b.WriteString(paragraphs(n.Text) + "</article>\n")
	}
	b.WriteString("</main></body></html>\n")
	return b.String()
}

// paragraphs is text as HTML: what stands between empty lines is one.
func paragraphs(text string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			b.WriteString("<p>" + html.EscapeString(printable(part)) + "</p>\n")
		}
	}
	return b.String()
}

// printable is text without control characters, but with its lines.
func printable(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = oneLine(lines[i])
	}
	return strings.Join(lines, "\n")
}

// validPages is nil when the directory can be used.
func validPages(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--pages %s: %w: mount it, or make it", dir, bare(err))
	}
	if err != nil {
		return fmt.Errorf("--pages %s: %w", dir, bare(err))
	}
	if !info.IsDir() {
		return fmt.Errorf("--pages %s: expected a directory", dir)
	}
	return guardedPath(dir)
}
