//go:build real

package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Up builds and starts a cluster, and stops it when the test ends.
func Up(t testing.TB, config Config) *Cluster {
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
	if config.Network == "" {
		config.Network = "127.81.0."
	}
	if config.PGs == 0 {
		config.PGs = 32
	}
	if config.Nodes == 0 {
		config.Shape = usual
	}
	c := &Cluster{Config: config, t: t, dir: dir, daemons: map[string]*daemon{}}
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
	c.FSID = c.uuid()
	for _, d := range []string{"run", "log", "crash", "mon", "mgr", "osd", "mds"} {
		c.mkdir(d)
	}
	c.configure()
	c.keys()
	c.monitors()
	c.storage()
	if c.Dashboard {
		c.dashboards()
	}
	c.UntilWell()
	return c
}

func (c *Cluster) uuid() string {
	c.t.Helper()
	raw := make([]byte, 16)
	if _, err := rand.Read(raw); err != nil {
		c.t.Fatal(err)
	}
	h := hex.EncodeToString(raw)
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[13:16], h[17:20], h[20:])
}

// configuration is ceph.conf but for where each daemon is. Times that would make
// tests long are short.
const configuration = `[global]
fsid = FSID
mon host = MONS
mon initial members = NAMES
keyring = DIR/keyring
run dir = DIR/run
crash dir = DIR/crash
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
mon data = DIR/mon/$id
keyring = DIR/mon/$id/keyring
admin socket = DIR/run/ceph-mon.$id.asok
mon cluster log file = DIR/log/cluster.log
mon data avail warn = 3
mon data avail crit = 1
mon allow pool delete = true
mon mgr beacon grace = 10
mon lease = 2
mon election timeout = 2
auth allow insecure global id reclaim = false
mgr initial modules = iostat
[mgr]
mgr data = DIR/mgr/$id
keyring = DIR/mgr/$id/keyring
# Debian 12: only one Python interpreter of a mgr can load python3-cryptography,
# so the module restful must not be loaded beside the dashboard
mgr disabled modules = restful,diskprediction_localWITHOUT
[mds]
mds data = DIR/mds/$id
keyring = DIR/mds/$id/keyring
[osd]
osd data = DIR/osd/$id
keyring = DIR/osd/$id/keyring
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
`

// configure writes ceph.conf.
func (c *Cluster) configure() {
	var names, addresses []string
	for _, n := range c.Mons {
		names = append(names, fmt.Sprintf("node%d", n))
		addresses = append(addresses, fmt.Sprintf("[v2:%s:3300/0,v1:%s:6789/0]", c.Address(n), c.Address(n)))
	}
	without := ""
	for _, module := range c.Without {
		without += "," + module
	}
	var b strings.Builder
	b.WriteString(strings.NewReplacer("FSID", c.FSID, "MONS", strings.Join(addresses, ","), "NAMES", strings.Join(names, ","), "DIR", c.dir, "WITHOUT", without).Replace(configuration))
	for o := range c.Disks {
		at, centre := c.Address(c.on(o)), ""
		if name := c.Centres[c.on(o)]; name != "" {
			centre = " datacenter=" + name
		}
		fmt.Fprintf(&b, "[osd.%d]\npublic addr = %s\ncluster addr = %s\ncrush location = root=default%s host=node%d\n", o, at, at, centre, c.on(o))
	}
	for kind, nodes := range map[string][]int{"mon": c.Mons, "mgr": c.Mgrs, "mds": c.MDS} {
		for _, n := range nodes {
			fmt.Fprintf(&b, "[%s.node%d]\npublic addr = %s\n", kind, n, c.Address(n))
		}
	}
	c.Write("ceph.conf", b.String()+c.Settings)
}

// keys makes all keys before the first monitor starts, so that it knows them.
func (c *Cluster) keys() {
	make := func(file, name string, caps ...string) {
		args := []string{"--create-keyring", c.Path(file), "--gen-key", "-n", name}
		for i := 0; i < len(caps); i += 2 {
			args = append(args, "--cap", caps[i], caps[i+1])
		}
		c.Tool("ceph-authtool", args...)
		if file != "initial" {
			c.Tool("ceph-authtool", c.Path("initial"), "--import-keyring", c.Path(file))
		}
	}
	make("initial", "mon.", "mon", "allow *")
	make("keyring", "client.admin", "mon", "allow *", "osd", "allow *", "mgr", "allow *", "mds", "allow *")
	// the plugins are these
	make("nagios.keyring", "client.nagios", "mon", "allow r", "mgr", "allow r")
	make("monitors.keyring", "client.monitors", "mon", "allow r")
	for _, m := range c.Mgrs {
		id := fmt.Sprintf("node%d", m)
		c.mkdir("mgr", id)
		make("mgr/"+id+"/keyring", "mgr."+id, "mon", "allow profile mgr", "osd", "allow *", "mds", "allow *")
	}
	for _, m := range c.MDS {
		id := fmt.Sprintf("node%d", m)
		c.mkdir("mds", id)
		make("mds/"+id+"/keyring", "mds."+id, "mon", "allow profile mds", "mgr", "allow profile mds", "osd", "allow rwx", "mds", "allow")
	}
	for o := range c.Disks {
		c.mkdir("osd", strconv.Itoa(o))
		make(fmt.Sprintf("osd/%d/keyring", o), fmt.Sprintf("osd.%d", o), "mon", "allow profile osd", "mgr", "allow profile osd", "osd", "allow *")
	}
}

func (c *Cluster) monitors() {
	args := []string{"--create", "--clobber", "--fsid", c.FSID, "--enable-all-features", "--set-min-mon-release", "pacific"}
	for _, n := range c.Mons {
		args = append(args, "--addv", fmt.Sprintf("node%d", n), fmt.Sprintf("[v2:%s:3300,v1:%s:6789]", c.Address(n), c.Address(n)))
	}
	c.Tool("monmaptool", append(args, c.Path("monmap"))...)
	for _, n := range c.Mons {
		id := fmt.Sprintf("node%d", n)
		c.mkdir("mon", id)
		c.Tool("ceph-mon", "--mkfs", "-i", id, "-c", c.Path("ceph.conf"), "--monmap", c.Path("monmap"), "--keyring", c.Path("initial"))
		text, err := os.ReadFile(c.Path("initial"))
		if err != nil {
			c.t.Fatal(err)
		}
		c.Write("mon/"+id+"/keyring", string(text))
		c.Run("mon." + id)
	}
	c.Until("quorum", 3*time.Minute, func() bool { return len(c.Status().Quorum) == len(c.Mons) })
	for _, m := range c.Mgrs {
		c.Run(fmt.Sprintf("mgr.node%d", m))
	}
	c.Ceph("config", "set", "mon", "auth_allow_insecure_global_id_reclaim", "false")
	c.Ceph("config", "set", "mon", "mon_warn_on_pool_no_redundancy", "false")
}

// storage makes the OSDs, in the order of their ids, and a pool.
func (c *Cluster) storage() {
	var making sync.WaitGroup
	for o := range c.Disks {
		uuid := c.uuid()
		if id := c.Ceph("osd", "new", uuid); id != strconv.Itoa(o) {
			c.t.Fatalf("osd new: %s instead of %d", id, o)
		}
		making.Add(1)
		go func() {
			defer making.Done()
			if out, err := c.Try(60*time.Second, "ceph-osd", "--mkfs", "-i", strconv.Itoa(o), "-c", c.Path("ceph.conf"), "--osd-uuid", uuid); err != nil {
				c.t.Errorf("osd.%d: %v\n%s", o, err, out)
			}
		}()
	}
	making.Wait()
	for o := range c.Disks {
		c.Run(fmt.Sprintf("osd.%d", o))
	}
	c.Until("all OSDs up", 3*time.Minute, func() bool { return c.Status().OSDs.Up == c.Disks })
	c.Ceph("osd", "pool", "create", "rbd", strconv.Itoa(c.PGs), strconv.Itoa(c.PGs))
	c.Ceph("osd", "pool", "application", "enable", "rbd", "rbd")
}
