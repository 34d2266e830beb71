//go:build real

package gate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// door is the API of a node of a simulated Proxmox VE without a guest, whose
// Ceph is the real one: it says its name, and nothing else of it.
type door struct {
	server *httptest.Server
	fsid   atomic.Value // string
}

func newDoor(t testing.TB, fsid string, nodes int) *door {
	t.Helper()
	config := pve.Config{Name: "lab", Clock: world.Running()}
	for n := range nodes {
		config.Nodes = append(config.Nodes, pve.Node{Name: fmt.Sprintf("node%d", n+1)})
	}
	sim := pve.Start(t, config)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(sim.CA())
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: sim.Address("node1")})
	behind.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	d := new(door)
	d.fsid.Store(fsid)
	d.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api2/json/cluster/ceph/status" {
			behind.ServeHTTP(w, r)
			return
		}
		// Whoever asked and left needs no answer.
		_, _ = fmt.Fprintf(w, `{"data":{"fsid":%q}}`, d.fsid.Load())
	}))
	t.Cleanup(d.server.Close)
	return d
}

func (d *door) address() string { return d.server.Listener.Addr().String() }

func (d *door) certificate() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.server.Certificate().Raw}))
}
