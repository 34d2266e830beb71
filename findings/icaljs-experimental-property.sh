#!/usr/bin/env bash
# The same experimental property, read with and without its backslashes.
#
# RFC 5545 gives X- properties the default type TEXT, in which a comma is
# written as "\,". The npm package ical.js 2.2.1 takes the backslash away only
# where the line says ;VALUE=TEXT, and hands the raw text out otherwise;
# node-ical 0.26.1 takes it away in both. Identifiers of services in the
# maintenance note of the network operators (X-MAINTNOTE-OBJECT-ID) are such
# properties: two readers of one calendar know two names for one service.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" ical.js@2.2.1 node-ical@0.26.1 >/dev/null
cat >read.js <<'END'
const node = require('node-ical');
const ICAL = require('ical.js').default || require('ical.js');
const text = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:finding', 'BEGIN:VEVENT', 'UID:1@example.net',
  'DTSTAMP:20260813T130000Z', 'DTSTART:20260813T130000Z',
  'X-PLAIN:web\\, mail', 'X-TYPED;VALUE=TEXT:web\\, mail',
  'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent');
console.log('ical.js plain', event.getFirstPropertyValue('x-plain'));
console.log('ical.js typed', event.getFirstPropertyValue('x-typed'));
const other = Object.values(node.sync.parseICS(text)).find(x => x.type === 'VEVENT');
console.log('node-ical plain', other.PLAIN);
console.log('node-ical typed', other.TYPED);
END
cat >want <<'END'
ical.js plain web\, mail
ical.js typed web, mail
node-ical plain web, mail
node-ical typed web, mail
END
node read.js >got
diff want got && echo "seen as described"
