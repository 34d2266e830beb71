//go:build real

package ceph

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
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Users of the dashboard and of Ceph that the plugin is.
const (
	user     = "monitor"
	password = "Lab-pass-1"
)

// up builds and starts a cluster.
func up(t testing.TB) *cluster {
	t.Helper()
	for _, program := range []string{"ceph", "ceph-mon", "ceph-mgr", "ceph-osd", "ceph-authtool", "monmaptool", "ceph-objectstore-tool", "rados", "unshare"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v: install ceph-mon ceph-mgr ceph-osd ceph-common ceph-mgr-dashboard", err)
		}
	}
	// a short path: those of unix sockets have at most 107 bytes
	dir, err := os.MkdirTemp("", "noout-ceph")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, dir: dir, daemons: map[string]*daemon{}}
	t.Cleanup(func() {
		c.down()
		if t.Failed() && os.Getenv("NOOUT_KEEP") != "" {
			t.Logf("kept: %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	h := hex.EncodeToString(raw)
	c.fsid = fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
	for _, d := range []string{"run", "log", "crash", "mon", "mgr", "osd"} {
		c.mkdir(d)
	}
	c.configure()
	c.keys()
	c.monitors()
	c.storage()
	c.dashboards()
	c.untilWell()
	return c
}

func (c *cluster) mkdir(parts ...string) {
	c.t.Helper()
	if err := os.MkdirAll(c.path(parts...), 0o755); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) write(name, text string) {
	c.t.Helper()
	if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// configure writes ceph.conf. Times that would make the test long are short.
func (c *cluster) configure() {
	var names, addresses []string
	for n := range hosts {
		names = append(names, fmt.Sprintf("node%d", n+1))
		addresses = append(addresses, fmt.Sprintf("[v2:%s%d:3300/0,v1:%s%d:6789/0]", network, n+1, network, n+1))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `[global]
fsid = %s
mon host = %s
mon initial members = %s
keyring = %s
run dir = %s
crash dir = %s
log file = /dev/null
log to stderr = false
# a busy machine is not what is tested here
mon warn on slow ping time = 100000
mon clock drift allowed = 1
osd pool default size = 3
osd pool default min size = 2
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 1
[mon]
mon data = %s/mon/$id
keyring = %s/mon/$id/keyring
admin socket = %s/run/ceph-mon.$id.asok
mon cluster log file = %s/log/cluster.log
mon data avail warn = 3
mon data avail crit = 1
mon allow pool delete = true
mon mgr beacon grace = 10
mon lease = 2
mon election timeout = 2
mon osd down out interval = 600
auth allow insecure global id reclaim = false
mgr initial modules = iostat
[mgr]
mgr data = %s/mgr/$id
keyring = %s/mgr/$id/keyring
# Debian 12: only one Python interpreter of a mgr can load python3-cryptography,
# so the module restful must not be loaded beside the dashboard
mgr disabled modules = restful,diskprediction_local
[osd]
osd data = %s/osd/$id
keyring = %s/osd/$id/keyring
osd objectstore = bluestore
osd memory target = 939524096
bluestore block size = 1073741824
bluestore block db create = false
bluestore block wal create = false
bluestore cache autotune = false
bluestore cache size = 16777216
osd op num shards = 2
osd op num threads per shard = 1
osd scrub load threshold = 2000
osd scrub backoff ratio = 0
osd scrub min interval = 1000000
osd scrub max interval = 2000000
osd deep scrub interval = 2000000
`, c.fsid, strings.Join(addresses, ","), strings.Join(names, ","), c.path("keyring"), c.path("run"), c.path("crash"),
		c.dir, c.dir, c.dir, c.dir, c.dir, c.dir, c.dir, c.dir)
	for o := range osds {
		fmt.Fprintf(&b, "[osd.%d]\npublic addr = %s%d\ncluster addr = %s%d\ncrush location = root=default host=node%d\n", o, network, nodeOf(o), network, nodeOf(o), nodeOf(o))
	}
	for n := range hosts {
		fmt.Fprintf(&b, "[mon.node%d]\npublic addr = %s%d\n[mgr.node%d]\npublic addr = %s%d\n", n+1, network, n+1, n+1, network, n+1)
	}
	c.write("ceph.conf", b.String())
}

// keys makes all keys before the first monitor starts, so that it knows them.
func (c *cluster) keys() {
	make := func(file, name string, caps ...string) {
		args := []string{"--create-keyring", c.path(file), "--gen-key", "-n", name}
		for i := 0; i < len(caps); i += 2 {
			args = append(args, "--cap", caps[i], caps[i+1])
		}
		c.tool("ceph-authtool", args...)
		if file != "initial" {
			c.tool("ceph-authtool", c.path("initial"), "--import-keyring", c.path(file))
		}
	}
	make("initial", "mon.", "mon", "allow *")
	make("keyring", "client.admin", "mon", "allow *", "osd", "allow *", "mgr", "allow *")
	make("nagios.keyring", "client.nagios", "mon", "allow r", "mgr", "allow r")
	make("monitors.keyring", "client.monitors", "mon", "allow r")
	for m := range mgrs {
		id := fmt.Sprintf("node%d", m+1)
		c.mkdir("mgr", id)
		make("mgr/"+id+"/keyring", "mgr."+id, "mon", "allow profile mgr", "osd", "allow *")
	}
	for o := range osds {
		c.mkdir("osd", strconv.Itoa(o))
		make(fmt.Sprintf("osd/%d/keyring", o), fmt.Sprintf("osd.%d", o), "mon", "allow profile osd", "mgr", "allow profile osd", "osd", "allow *")
	}
}

func (c *cluster) monitors() {
	args := []string{"--create", "--clobber", "--fsid", c.fsid, "--enable-all-features", "--set-min-mon-release", "pacific"}
	for n := range hosts {
		args = append(args, "--addv", fmt.Sprintf("node%d", n+1), fmt.Sprintf("[v2:%s%d:3300,v1:%s%d:6789]", network, n+1, network, n+1))
	}
	c.tool("monmaptool", append(args, c.path("monmap"))...)
	for n := range hosts {
		id := fmt.Sprintf("node%d", n+1)
		c.mkdir("mon", id)
		c.tool("ceph-mon", "--mkfs", "-i", id, "-c", c.path("ceph.conf"), "--monmap", c.path("monmap"), "--keyring", c.path("initial"))
		text, err := os.ReadFile(c.path("initial"))
		if err != nil {
			c.t.Fatal(err)
		}
		c.write("mon/"+id+"/keyring", string(text))
		c.run("mon." + id)
	}
	c.until("quorum", 3*time.Minute, func() bool { return len(c.status().Quorum) == hosts })
	for m := range mgrs {
		c.run(fmt.Sprintf("mgr.node%d", m+1))
	}
	c.ceph("config", "set", "mon", "auth_allow_insecure_global_id_reclaim", "false")
	c.ceph("config", "set", "mon", "mon_warn_on_pool_no_redundancy", "false")
}

// storage makes the OSDs, in the order of their ids, and a pool.
func (c *cluster) storage() {
	var making sync.WaitGroup
	for o := range osds {
		raw := make([]byte, 16)
		if _, err := rand.Read(raw); err != nil {
			c.t.Fatal(err)
		}
		h := hex.EncodeToString(raw)
		uuid := fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
		if id := c.ceph("osd", "new", uuid); id != strconv.Itoa(o) {
			c.t.Fatalf("osd new: %s instead of %d", id, o)
		}
		making.Add(1)
		go func() {
			defer making.Done()
			if out, err := c.try(60*time.Second, "ceph-osd", "--mkfs", "-i", strconv.Itoa(o), "-c", c.path("ceph.conf"), "--osd-uuid", uuid); err != nil {
				c.t.Errorf("osd.%d: %v\n%s", o, err, out)
			}
		}()
	}
	making.Wait()
	for o := range osds {
		c.run(fmt.Sprintf("osd.%d", o))
	}
	c.until("all OSDs up", 3*time.Minute, func() bool { return c.status().OSDs.Up == osds })
	c.ceph("osd", "pool", "create", "rbd", "32", "32")
	c.ceph("osd", "pool", "application", "enable", "rbd", "rbd")
}

// dashboards serves TLS with a certificate of ours, for a user who may only
// read.
func (c *cluster) dashboards() {
	c.certificate()
	c.write("password", password)
	for m := range mgrs {
		c.ceph("config", "set", "mgr", fmt.Sprintf("mgr/dashboard/node%d/server_addr", m+1), fmt.Sprintf("%s%d", network, m+1))
	}
	c.ceph("config", "set", "mgr", "mgr/dashboard/ssl_server_port", "8443")
	c.ceph("mgr", "module", "enable", "dashboard")
	c.until("the dashboard takes a certificate", 3*time.Minute, func() bool {
		_, err := c.try(20*time.Second, "ceph", "--connect-timeout", "10", "dashboard", "set-ssl-certificate", "-i", c.path("dashboard.crt"))
		return err == nil
	})
	c.ceph("dashboard", "set-ssl-certificate-key", "-i", c.path("dashboard.key"))
	c.ceph("dashboard", "ac-user-create", user, "-i", c.path("password"), "read-only", "--force-password")
	c.ceph("mgr", "module", "disable", "dashboard")
	c.ceph("mgr", "module", "enable", "dashboard")
	c.until("the dashboards listen", 3*time.Minute, func() bool {
		for m := range mgrs {
			conn, err := net.DialTimeout("tcp", fmt.Sprintf("%s%d:8443", network, m+1), time.Second)
			if err != nil {
				return false
			}
			// it was only knocked
			_ = conn.Close()
		}
		return true
	})
}

func (c *cluster) certificate() {
	// the dashboard of 16.2.15 takes RSA keys only
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		c.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	for m := range mgrs {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(fmt.Sprintf("%s%d", network, m+1)))
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
	c.write("fingerprint", hex.EncodeToString(sum[:]))
	c.write("dashboard.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	c.write("dashboard.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}
