package check

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker (-X github.com/noout-monitoring/noout/pkg/check.version=1.2.3)
// when a release is built from a tree that the go command cannot read a version
// from. It is a variable because the linker can set nothing else.
var version string

// build is what is known about this binary.
type build struct{ Version, Commit string }

// release asks the linker's variable first, then what the go command recorded.
func release() build {
	b := build{Version: version}
	info, ok := debug.ReadBuildInfo()
	if ok && b.Version == "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	if b.Version == "" {
		b.Version = "unreleased"
	}
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value[:min(len(s.Value), 12)]
		}
	}
	return b
}

// versionLine answers -V.
func versionLine(plugin string) string {
	b := release()
	if b.Commit != "" {
		return fmt.Sprintf("%s %s (noout, commit %s, %s)\n", plugin, b.Version, b.Commit, runtime.Version())
	}
	return fmt.Sprintf("%s %s (noout, %s)\n", plugin, b.Version, runtime.Version())
}
