#!/usr/bin/env bash
# An organiser whose name holds a comma or a colon loses the address on the way
# from one iCalendar library to others.
#
# github.com/arran4/golang-ical v0.3.2 writes parameters with the backslashes of
# TEXT values: ORGANIZER;CN=Lab\, Ltd\: NOC:mailto:noc@example.net. Parameters
# know no backslash (RFC 5545, 3.1: such a value stands in quotes), so the npm
# packages ical.js 2.2.1 and node-ical 0.26.1 end the name at the colon and take
# " NOC:mailto:noc@example.net" for the address. No side reports an error.
# github.com/emersion/go-ical (439c63cef608) quotes the same name, and both read
# it back whole.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" ical.js@2.2.1 node-ical@0.26.1 >/dev/null
cat >go.mod <<'END'
module finding

go 1.26

require (
	github.com/arran4/golang-ical v0.3.2
	github.com/emersion/go-ical v0.0.0-20250609112844-439c63cef608
)
END
cat >main.go <<'END'
package main

import (
	"os"
	"time"

	arran "github.com/arran4/golang-ical"
	emersion "github.com/emersion/go-ical"
)

const name, address = "Lab, Ltd: NOC", "mailto:noc@example.net"

func main() {
	at := time.Date(2026, 8, 13, 13, 0, 0, 0, time.UTC)
	a := arran.NewCalendar()
	event := a.AddEvent("1@example.net")
	event.SetDtStampTime(at)
	event.SetStartAt(at)
	event.SetOrganizer(address, arran.WithCN(name))
	if err := os.WriteFile("golang-ical.ics", []byte(a.Serialize(arran.WithNewLineWindows)), 0o600); err != nil {
		panic(err)
	}
	e := emersion.NewCalendar()
	e.Props.SetText(emersion.PropVersion, "2.0")
	e.Props.SetText(emersion.PropProductID, "finding")
	second := emersion.NewEvent()
	second.Props.SetText(emersion.PropUID, "1@example.net")
	second.Props.SetDateTime(emersion.PropDateTimeStamp, at)
	second.Props.SetDateTime(emersion.PropDateTimeStart, at)
	organizer := emersion.NewProp(emersion.PropOrganizer)
	organizer.Value = address
	organizer.Params.Set(emersion.ParamCommonName, name)
	second.Props.Set(organizer)
	e.Children = append(e.Children, second.Component)
	f, err := os.Create("go-ical.ics")
	if err != nil {
		panic(err)
	}
	if err := emersion.NewEncoder(f).Encode(e); err != nil {
		panic(err)
	}
}
END
cat >read.js <<'END'
const fs = require('fs'), node = require('node-ical');
const ICAL = require('ical.js').default || require('ical.js');
for (const file of ['golang-ical.ics', 'go-ical.ics']) {
  const text = fs.readFileSync(file, 'utf8');
  const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent');
  console.log(file, 'ical.js', JSON.stringify(event.getFirstPropertyValue('organizer')));
  const other = Object.values(node.sync.parseICS(text)).find(x => x.type === 'VEVENT');
  console.log(file, 'node-ical', JSON.stringify(other.organizer.val));
}
END
cat >want <<'END'
golang-ical.ics ical.js " NOC:mailto:noc@example.net"
golang-ical.ics node-ical " NOC:mailto:noc@example.net"
go-ical.ics ical.js "mailto:noc@example.net"
go-ical.ics node-ical "mailto:noc@example.net"
END
GOFLAGS=-mod=mod go run .
node read.js >got
diff want got && echo "seen as described"
