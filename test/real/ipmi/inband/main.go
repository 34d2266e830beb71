//go:build real

// Command inband runs inside a virtual machine and polls the machine's own
// controller through /dev/ipmi0 when it is told to. It takes commands from its
// standard input, one a line, and answers each with one line of JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
)

// answer is what a command led to.
type answer struct {
	Server bmc.Server
	Gaps   []string
	Error  string
	Output string
	Exit   int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "once" {
		say(poll(nil))
		return
	}
	var memory bmc.Memory
	say(answer{Output: "ready"})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch words := strings.Fields(lines.Text()); {
		case len(words) == 0:
		case words[0] == "poll":
			a := poll(memory)
			memory = a.Server.Memory
			say(a)
		case words[0] == "load":
			say(load(words[1:]))
		case words[0] == "nobody":
			say(run(&syscall.Credential{Uid: 65534, Gid: 65534}, words[1:]))
		case words[0] == "run":
			say(run(nil, words[1:]))
		}
	}
}

func say(a answer) {
	line, err := json.Marshal(a)
	if err != nil {
		line = fmt.Appendf(nil, `{"Error":%q}`, err)
	}
	fmt.Printf("%s\n", line)
}

func poll(memory bmc.Memory) answer {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	server, err := ipmi.Local(ipmi.Options{}).Poll(ctx, bmc.Ask{Memory: memory, Logs: true})
	a := answer{Server: server}
	for _, g := range server.Gaps {
		a.Gaps = append(a.Gaps, fmt.Sprintf("%s: %v", g.What, g.Err))
	}
	a.Server.Gaps = nil
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// load inserts kernel modules and waits for the device they make.
func load(modules []string) answer {
	for _, m := range modules {
		if out, err := exec.Command("/bin/insmod", m).CombinedOutput(); err != nil {
			return answer{Error: fmt.Sprintf("%s: %v: %s", m, err, out)}
		}
	}
	for range 200 {
		if _, err := os.Stat("/dev/ipmi0"); err == nil {
			return answer{Output: "loaded"}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return answer{Error: "the modules made no /dev/ipmi0"}
}

// run starts a program, as somebody else if wanted.
func run(as *syscall.Credential, command []string) answer {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	out, err := cmd.CombinedOutput()
	a := answer{Output: string(out)}
	exit := (*exec.ExitError)(nil)
	switch {
	case errors.As(err, &exit):
		a.Exit = exit.ExitCode()
	case err != nil:
		a.Error = err.Error()
	}
	return a
}
