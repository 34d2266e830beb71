#!/usr/bin/env bash
# go-i18n fills {{.PluralCount}} in only while there is nothing else to fill in.
#
# github.com/nicksnyder/go-i18n/v2 v2.7.0: a message that says
# "{{.PluralCount}} servers" is right as long as LocalizeConfig has a count and
# no TemplateData. With TemplateData, for a name say, the same message reads
# "<no value> servers", and the error is nil. The plural form is chosen by the
# count all the same, so a glance at the grammar shows nothing.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
cat >go.mod <<'END'
module finding

go 1.26

require (
	github.com/nicksnyder/go-i18n/v2 v2.7.0
	golang.org/x/text v0.43.0
)
END
cat >main.go <<'END'
package main

import (
	"fmt"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

func main() {
	bundle := i18n.NewBundle(language.English)
	if err := bundle.AddMessages(language.English, &i18n.Message{ID: "servers", One: "{{.PluralCount}} server {{.State}}", Other: "{{.PluralCount}} servers {{.State}}"}); err != nil {
		panic(err)
	}
	english := i18n.NewLocalizer(bundle, "en")
	say := func(data any) {
		text, err := english.Localize(&i18n.LocalizeConfig{MessageID: "servers", PluralCount: 3, TemplateData: data})
		fmt.Printf("%q, error: %v\n", text, err)
	}
	say(nil)
	say(map[string]any{"State": "moved"})
	say(map[string]any{"State": "moved", "PluralCount": 3})
}
END
cat >want <<'END'
"3 servers <no value>", error: <nil>
"<no value> servers moved", error: <nil>
"3 servers moved", error: <nil>
END
GOFLAGS=-mod=mod go run . >got
diff want got && echo "seen as described"
