package world

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefuses(t *testing.T) {
	w, _ := four(Config{})
	for _, text := range []string{
		"", "fly", "drop", "drop?fan=x", "drop?fan=0", "drop?fan=5", "drop?fan=1&for=soon", "drop?fan=1&shape=round",
		"drop?fan=1&log=maybe", "drop?fan=1&speed=3", "power", "power?state=half", "power?state=off&log=perhaps",
		"clock?to=yesterday", "rename", "write?count=many", "return?fan=9", "drop?fan=%zz",
	} {
		a, err := Parse(text)
		if err == nil {
			err = w.Do(a)
		}
		if err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestParseScript(t *testing.T) {
	lines, err := ParseScript("# story\n\n30s drop?fan=3\nevery 6h power?state=off\n every 6h from 10m clear-log\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Line{
		{3, 0, 30 * time.Second, "drop?fan=3"},
		{4, 6 * time.Hour, 6 * time.Hour, "power?state=off"},
		{5, 6 * time.Hour, 10 * time.Minute, "clear-log"},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"drop", "soon drop", "every drop", "every 6h from drop x", "1s 2s drop"} {
		if _, err := ParseScript(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
