//go:build real

package migration

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/real/machine"
)

// limit of every wait. A guest boots within a tenth of it.
const limit = 2 * time.Minute

// initProgram ends where something fails, and the machine with it.
const initProgram = `#!/bin/busybox sh
set -e
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in /modules-*; do /bin/busybox insmod $module; done
/bin/busybox ip addr add ` + guestAddr + `/24 dev eth0
/bin/busybox ip link set eth0 up
exec /bin/inside
`

// image is what the guest boots.
type image struct{ kernel, initrd string }

func newImage(t *testing.T) image {
	t.Helper()
	kernel, modules := machine.Kernel(t, "virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "failover", "net_failover", "virtio_net")
	files := map[string]string{"bin/inside": machine.Build(t, "./inside"), "bin/busybox": machine.Busybox(t)}
	for i, m := range modules {
		files[fmt.Sprintf("modules-%d-%s", i, filepath.Base(m))] = m
	}
	return image{kernel, machine.Initramfs(t, initProgram, files)}
}

// guest is one QEMU process: the machine, or the place that it moves to.
type guest struct {
	t          *testing.T
	cmd        *exec.Cmd
	qmp        *qmp
	console    *bufio.Reader
	complaints bytes.Buffer
	ended      bool
}

// start starts QEMU on a node. It emulates, also where it need not, so that it
// is the same everywhere.
func (i image) start(node *room, more ...string) *guest {
	node.t.Helper()
	g := &guest{t: node.t}
	monitor, console := listen(node.t), listen(node.t)
	defer monitor.Close()
	defer console.Close()
	g.cmd = node.soon("qemu-system-x86_64", append([]string{"-accel", "tcg", "-M", "q35", "-m", "160", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-kernel", i.kernel, "-initrd", i.initrd, "-append", "console=ttyS0 quiet panic=-1",
		"-netdev", "tap,id=net0,ifname=tap0,script=no,downscript=no", "-device", "virtio-net-pci,netdev=net0,mac=BC:24:11:00:00:67",
		"-chardev", "socket,id=console,path=" + console.Addr().String(), "-serial", "chardev:console",
		"-chardev", "socket,id=monitor,path=" + monitor.Addr().String(), "-mon", "chardev=monitor,mode=control"}, more...)...)
	g.cmd.Stderr = &g.complaints
	if err := g.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(g.stop)
	var err error
	defer func() {
		if err != nil {
			g.stop()
			g.t.Fatalf("qemu does not start: %v: %s", err, g.complaints.String())
		}
	}()
	var c net.Conn
	if c, err = console.Accept(); err != nil {
		return nil
	}
	g.console = bufio.NewReader(c)
	if err = c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return nil
	}
	if c, err = monitor.Accept(); err == nil {
		g.qmp, err = newQMP(c)
	}
	return g
}

// listen waits for QEMU to come, for a while.
func listen(t *testing.T) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s")})
	if err == nil {
		err = l.SetDeadline(time.Now().Add(limit))
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// stop ends the process.
func (g *guest) stop() {
	if g.ended {
		return
	}
	g.ended = true
	end(g.cmd, syscall.SIGKILL)
	if text := g.complaints.String(); g.t.Failed() && text != "" {
		g.t.Logf("qemu: %s", text)
	}
}

// ready waits for the program inside.
func (g *guest) ready() {
	g.t.Helper()
	var said []string
	for {
		line, err := g.console.ReadString('\n')
		if line = strings.TrimSpace(line); line == "ready" {
			return
		}
		said = append(said, line)
		if err != nil {
			g.t.Fatalf("the guest is not ready: %v\n%s", err, strings.Join(said, "\n"))
		}
	}
}

// moved is what QEMU says of a migration.
type moved struct {
	Status    string
	Downtime  int `json:"downtime"`   // ms
	TotalTime int `json:"total-time"` // ms
	// stopped and resumed are when the one stopped the guest and the other let it
	// run.
	stopped, resumed time.Time
	waited           bool // until it was told to go on
}

// pause is for how long nothing ran the guest, by the events.
func (m moved) pause() time.Duration { return m.resumed.Sub(m.stopped) }

// receive makes ready for a guest and returns where.
func (g *guest) receive() (string, error) {
	uri := "unix:" + filepath.Join(g.t.TempDir(), "s")
	return uri, errors.Join(g.tellEvents(), g.qmp.call("migrate-incoming", map[string]string{"uri": uri}, nil))
}

func (g *guest) tellEvents() error {
	return g.qmp.call("migrate-set-capabilities", map[string]any{"capabilities": []any{map[string]any{"capability": "events", "state": true}}}, nil)
}

// heldBack is for how long a guest that waits is not told to go on. Proxmox VE has
// disks to take over in that time. Half a second is far more than the slack: bounds
// that are wrong by a quarter do not pass for the noise of a short gap.
const heldBack = 500 * ms

// move moves the guest to a QEMU that listens. One that waits is told to go on
// when all is there, as Proxmox VE does.
func (g *guest) move(to *guest, uri string, waits bool) (m moved, err error) {
	err = errors.Join(g.tellEvents(),
		// Proxmox VE's own: 100 ms, and as fast as it goes.
		g.qmp.call("migrate-set-parameters", map[string]any{"downtime-limit": 100, "max-bandwidth": 8 << 30}, nil),
		g.qmp.call("migrate", map[string]string{"uri": uri}, nil))
	if err != nil {
		return m, err
	}
	stop, err := g.qmp.await("the source to stop", named("STOP"))
	if err != nil {
		return m, err
	}
	if _, err := g.qmp.await("the migration", migrated); err != nil {
		return m, err
	}
	if waits {
		if _, err := to.qmp.await("the guest to arrive", migrated); err != nil {
			return m, err
		}
		<-time.After(heldBack)
		if err := to.qmp.call("cont", nil, nil); err != nil {
			return m, err
		}
	}
	resume, err := to.qmp.await("the guest to run", named("RESUME"))
	if err != nil {
		return m, err
	}
	err = g.qmp.call("query-migrate", nil, &m)
	m.stopped, m.resumed, m.waited = stop.at(), resume.at(), waits
	return m, err
}
