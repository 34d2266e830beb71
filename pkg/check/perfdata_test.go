package check

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustRange(t *testing.T, text string) *Range {
	t.Helper()
	r, err := ParseRange(text)
	if err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestItem(t *testing.T) {
	zero, hundred := 0.0, 100.0
	infinite := math.Inf(1)
	tests := []struct {
		name string
		in   Perfdatum
		want string
	}{
		{"plain", Perfdatum{Label: "fans", Value: 6}, "fans=6"},
		{"unit", Perfdatum{Label: "rta", Value: 0.25, Unit: "ms"}, "rta=0.25ms"},
		{"no unit of the guidelines", Perfdatum{Label: "fan1", Value: 4200, Unit: "RPM"}, "fan1=4200"},
		{"unit in other letters", Perfdatum{Label: "x", Value: 1, Unit: "kb"}, "x=1"},
		{"thresholds as given", Perfdatum{Label: "x", Value: 1, Warn: mustRange(t, ":5"), Crit: mustRange(t, "@~:1.50")}, "x=1;:5;@~:1.50"},
		{"only critical", Perfdatum{Label: "x", Value: 1, Crit: mustRange(t, "5")}, "x=1;;5"},
		{"thresholds not set", Perfdatum{Label: "x", Value: 1, Warn: &Range{}, Crit: &Range{}}, "x=1"},
		{"limits", Perfdatum{Label: "x", Value: 1, Min: &zero, Max: &hundred}, "x=1;;;0;100"},
		{"only max", Perfdatum{Label: "x", Value: 1, Max: &hundred}, "x=1;;;;100"},
		{"no limits for percent", Perfdatum{Label: "x", Value: 1, Unit: "%", Min: &zero, Max: &hundred}, "x=1%"},
		{"limit that is no number", Perfdatum{Label: "x", Value: 1, Min: &zero, Max: &infinite}, "x=1;;;0"},
		{"no number", Perfdatum{Label: "x", Value: math.NaN()}, ""},
		{"infinite", Perfdatum{Label: "x", Value: math.Inf(-1)}, ""},
		{"minus zero", Perfdatum{Label: "x", Value: math.Copysign(0, -1)}, "x=0"},
		{"rounded to zero", Perfdatum{Label: "x", Value: -1e-12}, "x=0"},
		{"no exponent", Perfdatum{Label: "x", Value: 1e21}, "x=1000000000000000000000"},
		{"small", Perfdatum{Label: "x", Value: 1.5e-7}, "x=0.00000015"},
		{"noise", Perfdatum{Label: "x", Value: 0.1 + math.Nextafter(0.2, 1)}, "x=0.3"},
		{"label", Perfdatum{Label: " FAN 1|A=b'::c ", Value: 1}, "FAN_1_A_b___c=1"},
		{"label in other letters", Perfdatum{Label: "Lüfter", Value: 1}, "L_fter=1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, complaints := items([]Perfdatum{test.in})
			if strings.Join(got, " ") != test.want || complaints != nil {
				t.Errorf("got %q and %q, want %q", got, complaints, test.want)
			}
		})
	}
}

func TestLabels(t *testing.T) {
	tests := []struct {
		name string
		in   []string
		want []string
	}{
		{"short", []string{"fan1", "fan2"}, []string{"fan1", "fan2"}},
		{"nineteen", []string{"abcdefghijklmnopqrs"}, []string{"abcdefghijklmnopqrs"}},
		{"head and tail of a long one", []string{"fan_System.Embedded.1_1A"}, []string{"fan_Sy-" + fingerprint("fan_System.Embedded.1_1A") + "-d.1_1A"}},
		{"made alike", []string{"Fan 1", "Fan_1", "Fan/1"}, []string{"Fan_1-" + fingerprint("Fan 1"), "Fan_1", "Fan_1-" + fingerprint("Fan/1")}},
		{"given twice", []string{"fan1", "fan2", "fan1"}, []string{"fan1", "fan2", ""}},
		{"no letter is left", []string{"电源", "风扇", "", "::"}, []string{"x" + fingerprint("电源"), "x" + fingerprint("风扇"), "x" + fingerprint(""), "x" + fingerprint("::")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var data []Perfdatum
			for _, label := range test.in {
				data = append(data, Perfdatum{Label: label})
			}
			if diff := cmp.Diff(test.want, labels(data)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPerfdataGivenTwice(t *testing.T) {
	got, complaints := items([]Perfdatum{{Label: "a", Value: 1}, {Label: "b", Value: 2}, {Label: "a", Value: 3}})
	if diff := cmp.Diff([]string{"a=1", "b=2"}, got); diff != "" || len(complaints) != 1 || !strings.Contains(complaints[0], " a ") {
		t.Errorf("complaints %q\n%s", complaints, diff)
	}
}

// Labels are what graphs are kept by: they differ in what hosts compare, and
// neither the order of a list nor its long neighbours change them.
func TestLabelProperties(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9_. /:-]{0,30}`), rapid.StringMatching(`fan_System\.Embedded\.[0-9]{1,6}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfDistinct(text, rapid.ID[string]).Draw(t, "texts")
		data := make([]Perfdatum, len(texts))
		for i, text := range texts {
			data[i].Label = text
		}
		seen := map[string]bool{}
		byText := map[string]string{}
		for i, label := range labels(data) {
			if len(label) == 0 || len(label) > labelLength || strings.Trim(label, legal) != "" {
				t.Errorf("%q has the label %q", texts[i], label)
			}
			if seen[label] {
				t.Errorf("two labels %q in %q", label, texts)
			}
			seen[label], byText[texts[i]] = true, label
		}
		shuffled := rapid.Permutation(data).Draw(t, "order")
		for i, label := range labels(shuffled) {
			if want := byText[shuffled[i].Label]; label != want {
				t.Errorf("%q has the label %q, in another order %q", shuffled[i].Label, want, label)
			}
		}
		if i := slices.IndexFunc(texts, func(s string) bool { return len(Label(s)) > labelLength }); i >= 0 {
			if alone := labels(data[i : i+1])[0]; alone != byText[texts[i]] {
				t.Errorf("%q has the label %q, alone %q", texts[i], byText[texts[i]], alone)
			}
		}
	})
}

const legal = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

func TestNumberProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64().Draw(t, "value")
		text := number(v)
		if !decimal(text) || text == "-0" {
			t.Fatalf("%v is written %q", v, text)
		}
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(back-v) > 1e-9 {
			t.Errorf("%v is written %q and read %v (%v)", v, text, back, err)
		}
	})
}
