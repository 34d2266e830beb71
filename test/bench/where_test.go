package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadProfile(t *testing.T) {
	const text = `check_fans 1 
	ffffffff81 clear_page
	ffffffff82 asm_exc_page_fault
	    4455 runtime.mallocgc
	    4456 encoding/json.Unmarshal
	    4457 github.com/noout-monitoring/noout/pkg/state.decode[go.shape.struct { A int }]
	    4458 github.com/noout-monitoring/noout/pkg/check.Plugin.checked

check_fans 1 
	    4455 crypto/internal/fips140/aes.init
	    4456 runtime.doInit1

check_fans 1 
	    4455 runtime.sysmon

check_fans 1 
	    4455 github.com/noout-monitoring/noout/pkg/fans.Judge
	    4458 github.com/noout-monitoring/noout/pkg/check.Plugin.checked

check_fans 1 
	ffffffff81 elf_load
	ffffffff82 __x64_sys_execve

check_fans 1 
	    4455 runtime.memmove
	    4456 crypto/tls.(*Conn).Read
	    4457 net/http.(*persistConn).readLoop

`
	got, err := readProfile(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"JSON": 1, "initialization of packages": 1, "Go's runtime: start, threads, stacks": 1, "facts and verdict": 1,
		"start and end of the process (kernel)": 1, "TLS, certificates": 1,
	}
	named := map[string]int{}
	for i, n := range got.phases {
		if n > 0 {
			named[phases[i].name] = n
		}
	}
	if diff := cmp.Diff(want, named); diff != "" || got.faults != 1 {
		t.Errorf("%d in page faults, expected 1: %s", got.faults, diff)
	}
}
