package test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/pve"
)

// Of the parts of a server: what a run may take in KiB, and how many requests.
const (
	partsMemory   = 64 << 10
	partsRequests = 30
)

// recordedTree is the largest recorded controller, where it is there.
const recordedTree = "../../shared/corpus/redfish/nvidia-dgx-h100-ami"

// TestHardwareLarge: check_drained --save and check_reintegrated --baseline take at
// most 64 MiB and 30 requests to the controller for the parts of a server with 47
// chassis, with $expand and without, and compare what they have read.
func TestHardwareLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the plugins: run without -short")
	}
	bin := build(t)
	trees := map[string]func(string) []byte{"made": largeTree()}
	if _, err := os.Stat(recordedTree); err == nil {
		trees["recorded"] = func(path string) []byte {
			body, _ := os.ReadFile(filepath.Join(recordedTree, filepath.Clean("/"+path), "index.json")) // what is not there is 404
			return body
		}
	} else {
		t.Log("not there: " + recordedTree)
	}
	for name, tree := range trees {
		for _, expand := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, expand %t", name, expand), func(t *testing.T) { largeRun(t, bin, tree, expand) })
		}
	}
}

func largeRun(t *testing.T, bin string, tree func(string) []byte, expand bool) {
	s := pve.Start(t, pve.Presets["plain"]())
	var sent atomic.Int64
	bmc := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		body := tree(strings.TrimSuffix(r.URL.Path, "/"))
		if body == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if expand && r.URL.Query().Has("$expand") {
			body = expanded(tree, body)
		}
		_, _ = w.Write(body) // whoever hangs up has read enough
	}))
	t.Cleanup(bmc.Close)
	home := t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	auth, baseline := filepath.Join(home, "auth.ini"), filepath.Join(home, "pve3.json")
	if err := os.WriteFile(auth, []byte("[*]\ntoken = "+pve.Token+"\n[localhost]\nusername = monitor\npassword = right\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(bmc.Certificate().Raw)
	_, port, _ := strings.Cut(strings.TrimPrefix(bmc.URL, "https://"), ":")
	run := func(plugin string, more ...string) string {
		sent.Store(0)
		args := append([]string{"-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "--auth-file", auth, "--node", "pve3", "-t", "10m", "--state-dir", home,
			"--bmc", "localhost:" + port, "--bmc-fingerprint", hex.EncodeToString(sum[:]), "--via", "redfish", "-v"}, more...)
		out, code, peak := peakOf(t, exec.CommandContext(t.Context(), filepath.Join(bin, plugin), args...))
		t.Logf("%s: %d KiB, %d requests, exit code %d", plugin, peak, sent.Load(), code)
		if peak > partsMemory || strings.Contains(out, "panic") {
			t.Errorf("%s: %d KiB, at most %d:\n%s", plugin, peak, partsMemory, out)
		}
		return out
	}
	out := run("check_drained", "--save", baseline)
	if n := sent.Load(); !strings.Contains(out, "baseline saved") || n > partsRequests {
		t.Fatalf("%d requests:\n%s", n, out)
	}
	out = run("check_reintegrated", "--baseline", baseline)
	if !strings.Contains(out, "fans are as before: ") || strings.Contains(out, " is missing") {
		t.Error(out)
	}
}

// expanded puts the members of a collection in place of their links.
func expanded(tree func(string) []byte, body []byte) []byte {
	var o map[string]json.RawMessage
	var members []struct {
		ID string `json:"@odata.id"`
	}
	if json.Unmarshal(body, &o) != nil || json.Unmarshal(o["Members"], &members) != nil {
		return body
	}
	var all []json.RawMessage
	for _, m := range members {
		one := tree(m.ID)
		if one == nil {
			return body
		}
		all = append(all, one)
	}
	o["Members"], _ = json.Marshal(all) // it was JSON
	out, _ := json.Marshal(o)
	return out
}

// largeTree is a controller of 47 chassis and two systems, whose resources are as
// long as real ones.
func largeTree() func(string) []byte {
	const root = "/redfish/v1"
	paths := map[string]string{root: `{"UUID":"11111111-2222-3333-4444-555555555555","Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Systems":{"@odata.id":"/redfish/v1/Systems"},` +
		`"ProtocolFeaturesSupported":{"ExpandQuery":{"NoLinks":true,"Levels":true}}}`}
	long := `"Description":"` + strings.Repeat("a resource as long as real ones are ", 60) + `","Status":{"State":"Enabled","Health":"OK"}`
	ref := func(path string) string { return `{"@odata.id":"` + path + `"}` }
	link := func(name, path string) string { return `"` + name + `":` + ref(path) }
	list := func(path string, n int, one func(i int, at string) string) {
		var members []string
		for i := range n {
			at := fmt.Sprintf("%s/%d", path, i)
			members = append(members, ref(at))
			paths[at] = fmt.Sprintf(`{"@odata.id":"%s","Id":"%d",%s,%s}`, at, i, one(i, at), long)
		}
		paths[path] = `{"Members":[` + strings.Join(members, ",") + `]}`
	}
	part := func(i int, at string) string {
		return fmt.Sprintf(`"Name":"Part %d","SerialNumber":"%s","Model":"M"`, i, strings.ReplaceAll(at[len(root):], "/", ""))
	}
	list(root+"/Systems", 2, func(i int, at string) string {
		list(at+"/Memory", 32, part)
		list(at+"/Processors", 8, part)
		return part(i, at) + `,"MemorySummary":{"TotalSystemMemoryGiB":1024},` + link("Memory", at+"/Memory") + "," + link("Processors", at+"/Processors") +
			`,"Links":{"Chassis":[` + ref(root+"/Chassis/0") + `]}`
	})
	list(root+"/Chassis", 47, func(i int, at string) string {
		var fans []string
		for f := range 37 {
			fans = append(fans, fmt.Sprintf(`{"MemberId":"%d","Name":"FAN%d","Reading":9000,"ReadingUnits":"RPM",%s}`, f, f, long))
		}
		paths[at+"/Thermal"] = `{"Fans":[` + strings.Join(fans, ",") + `]}`
		list(at+"/PCIeDevices", 64, part)
		return part(i, at) + `,"PowerState":"On",` + link("Thermal", at+"/Thermal") + "," + link("PCIeDevices", at+"/PCIeDevices")
	})
	return func(path string) []byte {
		if body, ok := paths[path]; ok {
			return []byte(body)
		}
		return nil
	}
}
