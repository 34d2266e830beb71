#!/usr/bin/env bash
# "Success", says the entry, and the library leaves it out.
#
# Redfish lets a resource carry remarks on itself (@Message.ExtendedInfo), and a
# collection may hold its members whole or as links. github.com/stmcginnis/gofish
# v0.23.0 takes any remark on a member that comes whole for an error, of whatever
# severity: the member is not in the list, and the error that comes with the rest
# has no text. The same member behind a link is read, remark and all. Which form it
# is the controller decides: event logs come whole nearly everywhere.
set -euo pipefail
dir=$(mktemp -d); trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT; cd "$dir"
cat >go.mod <<'END_MOD'
module finding

go 1.26

require github.com/stmcginnis/gofish v0.23.0
END_MOD
cat >main.go <<'END_GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/stmcginnis/gofish"
)

const (
	log    = "/redfish/v1/Managers/1/LogServices/Log1"
	remark = `,"@Message.ExtendedInfo":[{"MessageId":"Base.1.8.Success","Message":"The request completed successfully.","MessageSeverity":"OK"}]`
)

func link(to string) string { return `{"@odata.id":"` + to + `"}` }

func entry(id, more string) string {
	return `{"@odata.id":"` + log + `/Entries/` + id + `","Id":"` + id + `","Name":"Entry","EntryType":"SEL","Message":"Fan ` + id + ` failed"` + more + `}`
}

func entries(members string) int {
	documents := map[string]string{
		"/redfish/v1/":                       `{"@odata.id":"/redfish/v1/","Id":"RootService","Name":"Root","Managers":` + link("/redfish/v1/Managers") + `}`,
		"/redfish/v1/Managers":               `{"Members":[` + link("/redfish/v1/Managers/1") + `]}`,
		"/redfish/v1/Managers/1":             `{"@odata.id":"/redfish/v1/Managers/1","Id":"1","Name":"BMC","LogServices":` + link("/redfish/v1/Managers/1/LogServices") + `}`,
		"/redfish/v1/Managers/1/LogServices": `{"Members":[` + link(log) + `]}`,
		log:                                  `{"@odata.id":"` + log + `","Id":"Log1","Name":"SEL","Entries":` + link(log+"/Entries") + `}`,
		log + "/Entries":                     `{"Members":[` + members + `]}`,
		log + "/Entries/1":                   entry("1", ""),
		log + "/Entries/2":                   entry("2", remark),
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, documents[r.URL.Path])
	}))
	defer s.Close()
	c, err := gofish.Connect(gofish.ClientConfig{Endpoint: s.URL})
	if err != nil {
		panic(err)
	}
	managers, err := c.Service.Managers()
	if err != nil {
		panic(err)
	}
	logs, err := managers[0].LogServices()
	if err != nil {
		panic(err)
	}
	read, err := logs[0].Entries()
	fmt.Printf("%d entries, error: %v\n", len(read), err)
	return len(read)
}

func main() {
	links := entries(link(log+"/Entries/1") + "," + link(log+"/Entries/2"))
	whole := entries(entry("1", "") + "," + entry("2", remark))
	if links == 2 && whole == 1 {
		fmt.Println("seen as described")
		return
	}
	panic("no longer so")
}
END_GO
GOFLAGS=-mod=mod go run .
