//go:build real

package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"syscall"
	"time"
)

// User of the dashboard that the plugins are.
const (
	User     = "monitor"
	Password = "Lab-pass-1"
)

// dashboards serves TLS with a certificate of ours, for a user who may only
// read. A mgr begins anew for each module that comes or goes, and all it needs for
// this one is there before.
func (c *Cluster) dashboards() {
	c.certificate()
	c.Write("password", Password)
	for _, m := range c.Mgrs {
		// the options of a module are unknown until the active mgr has told them
		c.Until("the monitors know the dashboard's options", 3*time.Minute, func() bool {
			_, err := c.Try(20*time.Second, "ceph", "--connect-timeout", "15", "config", "set", "mgr", fmt.Sprintf("mgr/dashboard/node%d/server_addr", m), c.Address(m))
			return err == nil
		})
	}
	c.Ceph("config", "set", "mgr", "mgr/dashboard/ssl_server_port", "8443")
	c.Ceph("config-key", "set", "mgr/dashboard/crt", "-i", c.Path("dashboard.crt"))
	c.Ceph("config-key", "set", "mgr/dashboard/key", "-i", c.Path("dashboard.key"))
	c.Ceph("mgr", "module", "enable", "dashboard")
	c.Until("the dashboard takes a user", 3*time.Minute, func() bool {
		// as contrib/ceph says: the password comes in on standard input
		out, err := c.Try(20*time.Second, "sh", "-c", `exec ceph --connect-timeout 15 dashboard ac-user-create "$1" -i - read-only --force-password <"$2"`, "sh", User, c.Path("password"))
		return err == nil || strings.Contains(out, "already exists")
	})
	for _, m := range c.Mgrs {
		c.listening(m)
	}
}

// listening waits for the dashboard of a mgr. A mgr of 16.2.15 that began anew for a
// module was seen not to come back: it is started again, as its unit would.
func (c *Cluster) listening(mgr int) {
	name, since := fmt.Sprintf("mgr.node%d", mgr), time.Now()
	c.Until("the dashboard of "+name+" listens", 5*time.Minute, func() bool {
		conn, err := net.DialTimeout("tcp", c.Address(mgr)+":8443", time.Second)
		if err == nil {
			return conn.Close() == nil
		}
		if d := c.daemons[name]; !d.runs() || time.Since(since) > time.Minute {
			c.t.Logf("%s is started again: it ended %v", name, !d.runs())
			c.Signal(name, syscall.SIGKILL)
			c.Run(name)
			since = time.Now()
		}
		return false
	})
}

func (c *Cluster) certificate() {
	// the dashboard of 16.2.15 takes RSA keys only
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		c.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	for _, m := range c.Mgrs {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(c.Address(m)))
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		c.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		c.t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	c.Write("fingerprint", hex.EncodeToString(sum[:]))
	c.Write("dashboard.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	c.Write("dashboard.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}
