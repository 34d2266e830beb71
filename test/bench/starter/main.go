// Starter runs a command, its output thrown away, and prints what it has used:
// nanoseconds of processor and of time, KiB at most, page faults, and its exit
// code. What a process is said to have used at most includes what used the one
// that started it, and this one is small.
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

func main() {
	if err := start(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "starter:", err)
		os.Exit(1)
	}
}

func start(args []string) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	begin := time.Now()
	pid, err := syscall.ForkExec(args[0], args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}})
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	var status syscall.WaitStatus
	var used syscall.Rusage
	for {
		if _, err = syscall.Wait4(pid, &status, 0, &used); err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return err
	}
	fmt.Println(used.Utime.Nano()+used.Stime.Nano(), time.Since(begin).Nanoseconds(), used.Maxrss, used.Minflt+used.Majflt, status.ExitStatus())
	return nil
}
