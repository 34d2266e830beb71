#!/usr/bin/env bash
# A blind copy that nobody gets, and no error says so.
#
# github.com/wneessen/go-mail v0.8.1 hands a message to a local sendmail as
# "sendmail -oi -t": the recipients are read from the headers. Bcc is left out
# of the headers, rightly, and is not given as an argument either, so the MTA
# never hears of it. WriteToSendmail returns nil. Over SMTP the same message
# does reach the blind copy. A stand-in for sendmail writes down what it is
# given.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
cat >sendmail <<'END'
#!/bin/sh
echo "arguments: $*" >"$(dirname "$0")/given"
cat >>"$(dirname "$0")/given"
END
chmod +x sendmail
cat >go.mod <<'END'
module finding

go 1.26

require github.com/wneessen/go-mail v0.8.1
END
cat >main.go <<'END'
package main

import (
	"fmt"
	"os"

	"github.com/wneessen/go-mail"
)

func main() {
	m := mail.NewMsg()
	for _, err := range []error{m.From("noc@example.net"), m.To("customer@example.org"), m.Bcc("archive@example.net")} {
		if err != nil {
			panic(err)
		}
	}
	m.Subject("planned maintenance")
	m.SetBodyString(mail.TypeTextPlain, "Thursday, 13 August 2026")
	fmt.Println("error:", m.WriteToSendmailWithCommand(os.Args[1]))
	recipients, err := m.GetRecipients()
	fmt.Println("recipients by the library:", recipients, err)
}
END
cat >want <<'END'
error: <nil>
recipients by the library: [<customer@example.org> <archive@example.net>] <nil>
arguments: -oi -t
archive named: 0
customer named: 1
END
{
	GOFLAGS=-mod=mod go run . "$dir/sendmail"
	head -1 given
	echo "archive named: $(grep -c archive@ given || true)"
	echo "customer named: $(grep -c customer@ given)"
} >got
diff want got && echo "seen as described"
