#!/usr/bin/env bash
# A Spanish message for one million, in two libraries with plural forms.
#
# CLDR has given Spanish (and French, Italian, Portuguese) a third plural form,
# "many", for whole millions: "1 000 000 de servidores".
#   github.com/nicksnyder/go-i18n/v2 v2.7.0 knows the form: a message with
#     "one" and "other", complete for a decade, comes back whole AND with an
#     error as soon as the count is 1,000,000.
#   golang.org/x/text v0.43.0 (feature/plural, message/catalog) does not: a
#     message that has the form is refused by Set, and a program that drops
#     that error prints the empty string from then on, for every count that is
#     not one.
# So a catalogue that is right for the one is an error in the other, and neither
# shows it at the counts that a test usually tries.
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
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

func main() {
	bundle := i18n.NewBundle(language.English)
	if err := bundle.AddMessages(language.Spanish, &i18n.Message{ID: "servers", One: "{{.PluralCount}} servidor", Other: "{{.PluralCount}} servidores"}); err != nil {
		panic(err)
	}
	spanish := i18n.NewLocalizer(bundle, "es")
	for _, n := range []int{1, 5, 1000, 1000000} {
		text, err := spanish.Localize(&i18n.LocalizeConfig{MessageID: "servers", PluralCount: n})
		fmt.Printf("go-i18n %d: %q, error: %v\n", n, text, err)
	}
	words := catalog.NewBuilder()
	err := words.Set(language.Spanish, "servers", plural.Selectf(1, "%d",
		plural.One, "%d servidor", plural.Many, "%d de servidores", plural.Other, "%d servidores"))
	fmt.Printf("x/text Set: error: %v\n", err != nil)
	printer := message.NewPrinter(language.Spanish, message.Catalog(words))
	for _, n := range []int{1, 5, 1000000} {
		fmt.Printf("x/text %d: %q\n", n, printer.Sprintf("servers", n))
	}
}
END
cat >want <<'END'
go-i18n 1: "1 servidor", error: <nil>
go-i18n 5: "5 servidores", error: <nil>
go-i18n 1000: "1000 servidores", error: <nil>
go-i18n 1000000: "1000000 servidores", error: message "servers" has no plural form "many"
x/text Set: error: true
x/text 1: "1 servidor"
x/text 5: ""
x/text 1000000: ""
END
GOFLAGS=-mod=mod go run . >got
diff want got && echo "seen as described"
