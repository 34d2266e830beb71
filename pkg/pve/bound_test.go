package pve

import (
	"net/http"
	"strings"
	"testing"
)

// TestAnswersAreBounded: what is small and would become large is refused before
// anything is made of it.
func TestAnswersAreBounded(t *testing.T) {
	response := &http.Response{Status: "200 OK", StatusCode: http.StatusOK, Header: http.Header{}}
	for want, body := range map[string]string{
		"a list of more than 100000 elements": `{"data":[` + strings.Repeat(`{},`, 100_000) + `{}]}`,
		"more than 2500000 elements":          `{"data":[` + strings.TrimSuffix(strings.Repeat(`[`+strings.Repeat(`0,`, 49_999)+`0],`, 52), ",") + `]}`,
		"nested more than 32 deep":            `{"data":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
		`says "vmid" twice`:                   `{"data":[{"vmid":100,"vmid":101}]}`,
	} {
		if _, err := decode(response, []byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	row := `{"id":"qemu/100","node":"pve1","status":"running","type":"qemu","vmid":100,"name":"vm","maxmem":1,"mem":1,"cpu":0.1,"disk":0,"maxdisk":1,"uptime":1}`
	if _, err := decode(response, []byte(`{"data":[`+strings.Repeat(row+",", 50_000)+row+`]}`)); err != nil {
		t.Errorf("fifty thousand guests: %v", err)
	}
}

// TestOddRows: of a hundred thousand rows that make no sense a few are told, and
// telling them costs no more than a few.
func TestOddRows(t *testing.T) {
	var c Cluster
	err := c.addResources([]byte(`[` + strings.Repeat(`{"type":"qemu","vmid":1},`, 99_999) + `{"type":"lxc","vmid":1}]`))
	if err == nil || strings.Count(err.Error(), "a guest without number or node") != fewDoubts || !strings.HasSuffix(err.Error(), "and 99997 more") {
		t.Errorf("%.300v", err)
	}
}
