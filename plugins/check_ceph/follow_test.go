package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// TestMayFollow: a redirect brings the password to another host only with one
// section for both and with verification.
func TestMayFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.ini")
	if err := os.WriteFile(path, []byte("[mgr?]\nusername = u\npassword = hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := &options{Via: viaDashboard, Hosts: []string{"mgr1"}, Secret: secret.Options{AuthFile: path}}
	source, err := o.source()
	if err != nil {
		t.Fatal(err)
	}
	may := source.(*ceph.Dashboard).MayFollow
	if err := may("mgr1", "mgr2"); err != nil {
		t.Error(err)
	}
	if err := may("mgr1", "thief"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
	o.Transport.Insecure = true
	if err := may("mgr1", "mgr2"); err == nil || !strings.Contains(err.Error(), "--insecure") {
		t.Errorf("%v", err)
	}
}
