package state

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Four processes change one value a hundred times: nothing is lost.
func TestProcessesMerge(t *testing.T) {
	s := store(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if out, err := child(t, "merge", s.path).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	got, err := Load[memory](s, subject)
	if err != nil || got.Count != 100 || len(got.By) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	for process, times := range got.By {
		if times != 25 {
			t.Errorf("process %s counts %d of 25", process, times)
		}
	}
}

func mergeChild() error {
	s, err := childStore()
	if err != nil {
		return err
	}
	me := strconv.Itoa(os.Getpid())
	for range 25 {
		if err := patiently(func() error {
			_, err := Update(s, subject, func(old memory) (memory, error) {
				if old.By == nil {
					old.By = make(map[string]int)
				}
				old.Count++
				old.By[me]++
				return old, nil
			})
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// patiently tries again what found the lock taken for all of LockWait, as it may
// be on a machine that is busy: then nothing was written.
func patiently(update func() error) error {
	for {
		if err := update(); !errors.Is(err, ErrLocked) {
			return err
		}
	}
}

// Goroutines of one process are no different.
func TestGoroutinesMerge(t *testing.T) {
	s := store(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := patiently(func() error {
				_, err := Update(s, subject, count)
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := Load[memory](s, subject); err != nil || got.Count != 20 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A process that writes without end is killed at random moments. The file is
// always whole, never older than what was reported as written, and no garbage
// piles up.
func TestKilledWhileWriting(t *testing.T) {
	s := store(t)
	written := 0
	for range 40 {
		cmd := child(t, "kill", s.path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() { // it writes from now on
			t.Fatal("the child says nothing:", lines.Err())
		}
		// After some writes, and somewhere in the next one: as long as one took.
		last, whole := lines.Text(), rand.IntN(5)+1
		begun := time.Now()
		for range whole {
			if lines.Scan() {
				last = lines.Text()
			}
		}
		once := time.Since(begun) / time.Duration(whole)
		time.AfterFunc(rand.N(once+1), func() { cmd.Process.Kill() })
		for lines.Scan() {
			last = lines.Text()
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		if n, err := strconv.Atoi(last); err == nil {
			written = n // the last line may have been cut
		}
		got, err := Load[memory](s, subject)
		if err != nil || got.Text != pattern(got.Count) || got.Count < written {
			t.Fatalf("after at least %d writes: %d with %d bytes, %v", written, got.Count, len(got.Text), err)
		}
		if names := list(t, s); len(names) > 3 {
			t.Fatalf("garbage: %v", names)
		}
	}
	if _, err := Update(s, subject, count); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".check_fans.S.json.lock", "check_fans.S.json"}, list(t, s)); diff != "" {
		t.Error(diff)
	}
}

// pattern is a text that shows to which count it belongs.
func pattern(count int) string { return strings.Repeat(fmt.Sprint(count, " "), 20000) }

func killChild() error {
	s, err := childStore()
	if err != nil {
		return err
	}
	for {
		got, err := Update(s, subject, func(old memory) (memory, error) {
			return memory{Count: old.Count + 1, Text: pattern(old.Count + 1)}, nil
		})
		if err != nil {
			return err
		}
		fmt.Println(got.Count)
	}
}

// What a killed run left behind is removed by the next one that writes.
func TestGarbageIsRemoved(t *testing.T) {
	s := store(t)
	garbage := s.path + "/." + fileName(s.plugin, subject) + ".tmp"
	if err := os.WriteFile(garbage, []byte("half"), 0o400); err != nil {
		t.Fatal(err)
	}
	if got, err := Update(s, subject, count); err != nil || got.Count != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{".check_fans.S.json.lock", "check_fans.S.json"}, list(t, s)); diff != "" {
		t.Error(diff)
	}
}

// A limit on file sizes stops a write in the middle, as a full disk does.
func TestSizeLimit(t *testing.T) {
	s := store(t)
	if _, err := Update(s, subject, count); err != nil {
		t.Fatal(err)
	}
	out, err := child(t, "limit", s.path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "file too large: raise the limit on file sizes") || !strings.Contains(string(out), s.Path(subject)) {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, err := Load[memory](s, subject); err != nil || got.Count != 1 || got.Text != "" {
		t.Errorf("the old value is gone: %d with %d bytes, %v", got.Count, len(got.Text), err)
	}
	if diff := cmp.Diff([]string{".check_fans.S.json.lock", "check_fans.S.json"}, list(t, s)); diff != "" {
		t.Error(diff)
	}
}

func limitChild() error {
	limit := syscall.Rlimit{Cur: 8192, Max: 8192}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	s, err := childStore()
	if err != nil {
		return err
	}
	return fails(s, syscall.EFBIG)
}

// fails writes what does not fit and expects a value all the same.
func fails(s *Store, cause error) error {
	got, err := Update(s, subject, func(old memory) (memory, error) {
		return memory{Count: old.Count + 1, Text: strings.Repeat("x", 1<<20)}, nil
	})
	fmt.Println(err)
	if !errors.Is(err, cause) || got.Count != 2 {
		return fmt.Errorf("%d, %w", got.Count, err)
	}
	return nil
}

// A file system of a few pages in a namespace of its own, which needs no
// privilege where the kernel allows it.
func TestFullAndReadOnlyDisk(t *testing.T) {
	cmd := child(t, "full disk", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case len(out) == 0 && err != nil:
		t.Skip("no namespaces of one's own here:", err)
	case strings.Contains(string(out), "child: mount"):
		t.Skipf("no mounting in a namespace here: %s", out)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"state /noout/check_fans." + subject + ".json: no space left on device: make room on the disk",
		"cannot be locked with .check_fans.another.json.lock: no space left on device: make room on the disk",
		"state /noout/check_fans." + subject + ".json: cannot be locked with .check_fans." + subject + ".json.lock: read-only file system: mount it writable or give another --state-dir",
		"state directory /noout: it cannot be written: read-only file system: mount it writable or give another --state-dir",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func fullDiskChild() error {
	dir := os.Getenv("STATE_TEST_DIR")
	// Inodes for the root, our directory, a lock, a file and its next version.
	if err := syscall.Mount("noout", dir, "tmpfs", 0, "size=64k,nr_inodes=5,mode=0755"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	// Directories above belong to users that the namespace does not know.
	if err := syscall.Chroot(dir); err != nil {
		return fmt.Errorf("mount: chroot: %w", err)
	}
	s, err := Options{Dir: "/noout"}.Open("check_fans")
	if err != nil {
		return err
	}
	if _, err := Update(s, subject, count); err != nil {
		return err
	}
	if err := fails(s, syscall.ENOSPC); err != nil {
		return err
	}
	if err := os.WriteFile("/last", nil, 0o600); err != nil { // the last inode
		return err
	}
	if got, err := Update(s, "another", count); !errors.Is(err, syscall.ENOSPC) || got.Count != 1 {
		return fmt.Errorf("no inodes: %+v, %w", got, err)
	} else {
		fmt.Println(err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := fails(s, syscall.EROFS); err != nil {
		return err
	}
	if got, err := Load[memory](s, subject); err != nil || got.Count != 1 {
		return fmt.Errorf("the old value: %+v, %w", got, err)
	}
	_, err = Options{Dir: "/noout"}.Open("check_fans")
	fmt.Println(err)
	return nil
}
