package main

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
)

//go:embed page.html
var pages string

// pageTemplate is read once for all reports: that takes as long as a report.
func pageTemplate() (*template.Template, error) {
	t, err := template.New("page").Option("missingkey=error").Parse(pages)
	if err != nil {
		return nil, fmt.Errorf("the page: %w", err)
	}
	return t, nil
}

// html is the report as one file that asks nobody for anything.
func (d document) html(page *template.Template) (string, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, d); err != nil {
		return "", fmt.Errorf("the page: %w", err)
	}
	return b.String(), nil
}
