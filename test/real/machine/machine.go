//go:build real

// Package machine makes what a virtual machine of the tests boots: Debian's
// kernel and an initramfs with the files that a test wants. It needs the packages
// linux-image-amd64 and busybox-static.
package machine

import (
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
)

// Kernel finds a kernel of Debian's with these modules: below NOOUT_KERNEL,
// where the package linux-image-amd64 may have been unpacked, or where it is
// installed. Modules are the paths of those that are not built in, in the order
// that was asked for.
func Kernel(t *testing.T, names ...string) (image string, modules []string) {
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
	for _, image := range slices.Backward(images) {
		version := filepath.Base(image)[len("vmlinuz-"):]
		modules, err := find(filepath.Join(root, "lib", "modules", version), names)
		if err == nil {
			return image, modules
		}
		t.Logf("%s: %v", image, err)
	}
	t.Fatalf("no kernel with the modules %v below %s: install linux-image-amd64, or unpack it somewhere and name the place in NOOUT_KERNEL", names, root)
	return "", nil
}

// find looks for modules below the directory of a kernel.
func find(dir string, names []string) ([]string, error) {
	builtin, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	err = filepath.WalkDir(filepath.Join(dir, "kernel"), func(path string, _ fs.DirEntry, err error) error {
		paths[filepath.Base(path)] = path
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names {
		if path, found := paths[name+".ko"]; found {
			out = append(out, path)
		} else if !strings.Contains(string(builtin), "/"+name+".ko\n") {
			return nil, fmt.Errorf("it has no module %s", name)
		}
	}
	return out, nil
}

// Busybox is Debian's, which is static.
func Busybox(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Build compiles a program in a folder, static, as is needed inside.
func Build(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(folder))
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "real", "-o", path, folder)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// Initramfs writes an initramfs, a gzipped cpio archive of the "newc" format: a
// program /init, and files by their paths inside and here.
func Initramfs(t *testing.T, init string, files map[string]string) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "initrd"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	a := archive{z: gzip.NewWriter(out)}
	for _, dir := range []string{"bin", "dev", "proc", "sys", "tmp"} {
		a.put(dir, 0o040755, nil)
	}
	a.put("init", 0o100755, []byte(init))
	for name, source := range files {
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		a.put(name, 0o100755, content)
	}
	a.put("TRAILER!!!", 0, nil)
	if a.err == nil {
		a.err = a.z.Close()
	}
	if a.err != nil {
		t.Fatal(a.err)
	}
	return out.Name()
}

// archive is what is being written, until something fails.
type archive struct {
	z      *gzip.Writer
	inodes int
	err    error
}

func (a *archive) put(name string, mode int, content []byte) {
	a.inodes++
	header := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.inodes, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
	for _, part := range [][]byte{
		[]byte(header + name + "\x00"), make([]byte, -(len(header)+len(name)+1)&3),
		content, make([]byte, -len(content)&3),
	} {
		if a.err == nil {
			_, a.err = a.z.Write(part)
		}
	}
}
