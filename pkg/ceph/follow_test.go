package ceph

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestFollow: the mgr that a standby names is asked only where the password is
// meant for it too, and what is not done is said and is no silence.
func TestFollow(t *testing.T) {
	active, standby := newMgr(t), newMgr(t)
	_, port, err := net.SplitHostPort(standby.host())
	if err != nil {
		t.Fatal(err)
	}
	named := "example.com" // that the test's certificate is for
	standby.does(answering(http.StatusSeeOther, "Location", "https://"+net.JoinHostPort(named, port)+"/", ""))
	d := through(t, standby)
	way, ok := d.client.Transport.(*http.Transport)
	if !ok {
		t.Fatalf("%T", d.client.Transport)
	}
	way.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, named) {
			address = active.host()
		}
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, address)
	}
	asked := ""
	for name, test := range map[string]struct {
		may  func(asked, named string) error
		want string // of the error, empty when it is asked
	}{
		"nobody decides": {nil, "only the hosts of -H are"},
		"refused":        {func(string, string) error { return errors.New("not for it") }, "which was not asked: not for it"},
		"allowed":        {func(from, to string) error { asked = from + " " + to; return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d.MayFollow = test.may
			active.asked()
			c, err := d.Poll(long(t), Ask{})
			paths, _ := active.asked()
			if test.want == "" {
				if err != nil || c.FSID != "f1" || len(paths) == 0 || asked != standby.host()+" "+named {
					t.Errorf("%+v %v, asked %v for %s", c, err, paths, asked)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "is at "+named) || len(paths) > 0 {
				t.Errorf("%v, asked %v", err, paths)
			}
			if errors.As(err, new(*SilentError)) {
				t.Errorf("an answer is taken for silence: %v", err)
			}
		})
	}
}
