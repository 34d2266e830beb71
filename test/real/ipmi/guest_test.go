//go:build real

package ipmi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/test/real/machine"
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
	image, modules := machine.Kernel(t, "ipmi_msghandler", "ipmi_devintf", "ipmi_si")
	busybox := machine.Busybox(t)
	files := map[string]string{"bin/inband": machine.Build(t, "./inband"), "bin/busybox": busybox, "bin/insmod": busybox}
	for _, m := range modules {
		files[filepath.Base(m)] = m
	}
	for name, path := range programs {
		files["bin/"+name] = path
	}
	initrd := machine.Initramfs(t, initProgram, files)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	g := &guest{log: filepath.Join(t.TempDir(), "console"), cancel: cancel, done: make(chan struct{})}
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
