#!/usr/bin/env bash
# After a refused login comes a command that does not exist.
#
# RFC 4954 lets a client give up a login by sending "*" in answer to a challenge
# (334). Go's net/smtp, and github.com/wneessen/go-mail v0.8.1 whose client is made
# from it, also send it after the server has refused for good (535), when there is
# nothing left to give up. The server takes it for a command: postfix 3.7.11
# warns "non-SMTP command from ...: *" and counts a second error. A server of a few
# lines writes down what it is told.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
cat >go.mod <<'END'
module finding

go 1.26

require github.com/wneessen/go-mail v0.8.1
END
cat >main.go <<'END'
package main

import (
	"bufio"
	"fmt"
	"net"
	standard "net/smtp"
	"strings"

	gomail "github.com/wneessen/go-mail/smtp"
)

// serve refuses each login and returns the commands that came.
func serve(conn net.Conn) []string {
	var commands []string
	fmt.Fprint(conn, "220 relay\r\n")
	for in := bufio.NewScanner(conn); in.Scan(); {
		commands = append(commands, in.Text())
		switch strings.Fields(in.Text())[0] {
		case "EHLO":
			fmt.Fprint(conn, "250-relay\r\n250 AUTH PLAIN\r\n")
		case "AUTH":
			fmt.Fprint(conn, "535 5.7.8 no\r\n")
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return commands
		default:
			fmt.Fprint(conn, "502 no such command\r\n")
		}
	}
	return commands
}

func main() {
	for _, way := range []string{"net/smtp", "go-mail"} {
		here, there := net.Pipe()
		told := make(chan []string)
		go func() { told <- serve(there) }()
		var refused error
		if way == "net/smtp" {
			c, err := standard.NewClient(here, "localhost")
			if err != nil {
				panic(err)
			}
			refused = c.Auth(standard.PlainAuth("", "noc", "wrong", "localhost"))
		} else {
			c, err := gomail.NewClient(here, "localhost")
			if err != nil {
				panic(err)
			}
			refused = c.Auth(gomail.PlainAuth("", "noc", "wrong", "localhost", false))
		}
		fmt.Printf("%s: refused %v: %q\n", way, refused != nil, <-told)
	}
}
END
cat >want <<'END'
net/smtp: refused true: ["EHLO localhost" "AUTH PLAIN AG5vYwB3cm9uZw==" "*" "QUIT"]
go-mail: refused true: ["EHLO localhost" "AUTH PLAIN AG5vYwB3cm9uZw==" "*" "QUIT"]
END
GOFLAGS=-mod=mod go run . >got
diff want got && echo "seen as described"
