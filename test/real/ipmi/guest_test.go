//go:build real

package ipmi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// guest is a virtual machine with a kernel of Debian's, whose controller is an
// ipmi_sim behind a KCS interface.
type guest struct {
	conn   net.Conn
	lines  *bufio.Reader
	log    string
	cancel context.CancelFunc
	done   chan struct{}
}

// answer is what the program inside answers.
type answer struct {
	Server bmc.Server
	Gaps   []string
	Error  string
	Output string
	Exit   int
}

// stop switches the machine off.
func (g *guest) stop() {
	g.cancel()
	<-g.done
	if g.conn != nil {
		g.conn.Close()
	}
}

// ask gives the program inside a command.
func (g *guest) ask(command string) (answer, error) {
	g.conn.SetDeadline(time.Now().Add(60 * time.Second))
	if _, err := fmt.Fprintln(g.conn, command); err != nil {
		return answer{}, err
	}
	return g.hear()
}

func (g *guest) hear() (answer, error) {
	line, err := g.lines.ReadBytes('\n')
	if err != nil {
		console, _ := os.ReadFile(g.log)
		return answer{}, fmt.Errorf("the guest is silent: %w\n%s", err, console)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return answer{}, fmt.Errorf("%q: %w", line, err)
	}
	return a, nil
}

// kernel finds a kernel of Debian's and its IPMI modules: below NOOUT_KERNEL,
// where the package linux-image-amd64 may have been unpacked, or where it is
// installed.
func kernel(t *testing.T) (image string, modules []string) {
	t.Helper()
	root := os.Getenv("NOOUT_KERNEL")
	if root == "" {
		root = "/"
	}
	images, err := filepath.Glob(filepath.Join(root, "boot", "vmlinuz-*"))
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(images)
	for i := len(images) - 1; i >= 0; i-- {
		version := filepath.Base(images[i])[len("vmlinuz-"):]
		dir := filepath.Join(root, "lib", "modules", version, "kernel", "drivers", "char", "ipmi")
		modules = modules[:0]
		for _, name := range []string{"ipmi_msghandler.ko", "ipmi_devintf.ko", "ipmi_si.ko"} {
			if path := filepath.Join(dir, name); exists(path) {
				modules = append(modules, path)
			}
		}
		if len(modules) == 3 {
			return images[i], modules
		}
	}
	t.Fatalf("no kernel with IPMI modules below %s: install linux-image-amd64, or unpack it somewhere and name the place in NOOUT_KERNEL", root)
	return "", nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

const initProgram = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox stty -F /dev/ttyS1 raw -echo
exec /bin/inband </dev/ttyS1 >/dev/ttyS1 2>/dev/console
`

// machineUUID is the GUID of QEMU's own controller.
const machineUUID = "12345678-9abc-4df0-8102-030405060708"

// controller are the arguments for a controller: ipmi_sim, or QEMU's own.
func controller(s *sim) []string {
	if s == nil {
		return []string{"-device", "ipmi-bmc-sim,id=bmc0,guid=" + machineUUID, "-device", "isa-ipmi-bt,bmc=bmc0"}
	}
	return []string{
		"-chardev", fmt.Sprintf("socket,id=c0,host=127.0.0.1,port=%d,reconnect=1", s.vm),
		"-device", "ipmi-bmc-extern,id=bmc0,chardev=c0", "-device", "isa-ipmi-kcs,bmc=bmc0",
	}
}

// boot starts the machine and waits for the program inside. programs are
// further ones to put in, by their name inside.
func boot(t *testing.T, s *sim, programs map[string]string) *guest {
	t.Helper()
	image, modules := kernel(t)
	dir := t.TempDir()
	inband := filepath.Join(dir, "inband")
	build := exec.Command("go", "build", "-tags", "real", "-o", inband, "./inband")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"bin/inband": inband, "bin/busybox": busybox, "bin/insmod": busybox}
	for _, m := range modules {
		files[filepath.Base(m)] = m
	}
	for name, path := range programs {
		files["bin/"+name] = path
	}
	initrd := filepath.Join(dir, "initrd")
	if err := archive(initrd, files); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	g := &guest{log: filepath.Join(dir, "console"), cancel: cancel, done: make(chan struct{})}
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", append(controller(s), "-M", "q35", "-m", "256", "-display", "none", "-monitor", "none", "-no-reboot", "-net", "none",
		"-kernel", image, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1",
		"-serial", "file:"+g.log,
		"-chardev", fmt.Sprintf("socket,id=agent,host=127.0.0.1,port=%d", l.Addr().(*net.TCPAddr).Port), "-serial", "chardev:agent")...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(g.done)
		cmd.Wait()
	}()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second))
	if g.conn, err = l.Accept(); err != nil {
		g.stop()
		t.Fatalf("qemu does not start: %v: %s", err, complaints.String())
	}
	g.lines = bufio.NewReader(g.conn)
	g.conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if a, err := g.hear(); err != nil || a.Output != "ready" {
		g.stop()
		t.Fatalf("%+v: %v", a, errors.Join(err, errors.New("not ready")))
	}
	return g
}

// archive writes an initramfs: a gzipped cpio archive of the "newc" format.
func archive(path string, files map[string]string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	z := gzip.NewWriter(out)
	inode := 0
	put := func(name string, mode int, content []byte) {
		inode++
		header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
			inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
		z.Write([]byte(header + name + "\x00"))
		z.Write(make([]byte, -(len(header)+len(name)+1)&3))
		z.Write(content)
		z.Write(make([]byte, -len(content)&3))
	}
	for _, dir := range []string{"bin", "dev", "proc", "sys", "tmp"} {
		put(dir, 0o040755, nil)
	}
	put("init", 0o100755, []byte(initProgram))
	for name, source := range files {
		content, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		put(name, 0o100755, content)
	}
	put("TRAILER!!!", 0, nil)
	return z.Close()
}
