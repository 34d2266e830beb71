package main

import (
	"fmt"
	"strings"
)

// man writes a manual page for each plugin.
func man(plugins []plugin) (map[string]string, error) {
	files := map[string]string{}
	for _, p := range plugins {
		text, err := fill("man.1", page{p, plugins})
		if err != nil {
			return nil, err
		}
		files["contrib/man/"+p.Name+".1"] = text
	}
	return files, nil
}

// roff is text as a line of a manual page: no word of it is a request, and
// everything that is typed comes out as it is typed.
func roff(text string) string {
	var b strings.Builder
	for i, r := range line(text) {
		if i == 0 && (r == '.' || r == '\'') {
			b.WriteString(`\&`)
		}
		switch r {
		case '\\':
			b.WriteString(`\(rs`)
		case '-':
			b.WriteString(`\-`)
		case '\'':
			b.WriteString(`\(aq`)
		case '`':
			b.WriteString(`\(ga`)
		case '^':
			b.WriteString(`\(ha`)
		case '~':
			b.WriteString(`\(ti`)
		case '"':
			b.WriteString(`\(dq`)
		default:
			if r > '~' {
				fmt.Fprintf(&b, `\[u%04X]`, r)
				continue
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
