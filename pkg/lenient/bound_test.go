package lenient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/hostile"
)

var narrow = Bound{Elements: 10, Width: 6, Depth: 3}

func TestCheck(t *testing.T) {
	for document, want := range map[string]string{
		``:                                    "",
		`5`:                                   "",
		`[]`:                                  "",
		`{}`:                                  "",
		`[1,2,3,4,5,6]`:                       "",
		`[1,2,3,4,5,6,7]`:                     "a list of more than 6 elements",
		`[[],[],[],[],[],[]]`:                 "",
		`{"a":[1,2,3],"b":[1,2,3],"c":[1,2]}`: "the answer has more than 10 elements",
		`{"a":[1,2,3],"b":[1,2,3]}`:           "",
		`[[[]]]`:                              "",
		`[[[[]]]]`:                            "nested more than 3 deep",
		`{"` + strings.Repeat("k", longest) + `":1}`:  "",
		`{"k` + strings.Repeat("k", longest) + `":1}`: "a key of more than 64 KiB",
		`["],[\"],[","\\",",,,,,,,,,,"]`:              "",
		`{"Reading":0,"Reading":9600}`:                `says "Reading" twice`,
		`{"Reading":9600,"b":[1],"reading" : 0}`:      `says "Reading" twice`,
		`{"Reading":9600,"Reading": 9600}`:            "",
		`{"Reading":0,"\u0052eading":9600}`:           `twice`,
		`{"Re\/d":0,"Re/d":9600}`:                     `twice`,
		`{"status":0,"\u017ftatus":9600}`:             `twice`,
		`{"k":0,"` + "\u212a" + `":9600}`:             `twice`,
		`{"k":0,"\\k":9600,"\"k":1}`:                  "",
		`{"a":{"Reading":1},"b":{"Reading":2}}`:       "",
		`{"a":{"x":1,"x":{}}}`:                        `says "x" twice`,
		`[{"a":1},{"a":2}]`:                           "",
		`{"a":"}","a":"]"}`:                           `says "a" twice`,
		`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":[1,2]`:    "",
		`}]}],,,"`: "",
		`{,,,}`:    "",
	} {
		err := narrow.Check([]byte(document))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.80s: %v, expected %q", document, err, want)
		}
	}
}

// TestUnread: what nobody decodes may be said twice, and nothing else.
func TestUnread(t *testing.T) {
	b := Bound{Elements: 10, Width: 6, Depth: 3, Unread: []string{"Ami"}}
	if err := b.Check([]byte(`{"Oem":{"AMI":{"a":1},"Ami":{"b":2}}}`)); err != nil {
		t.Error(err)
	}
	for _, document := range []string{`{"Oem":{"AMI":1,"Ami":{"b":2,"B":3}}}`, `{"Ami":1,"Amis":2,"amis":3}`} {
		if b.Check([]byte(document)) == nil {
			t.Errorf("%s passes", document)
		}
	}
}

// TestCheckWide finds a key that comes twice among many.
func TestCheckWide(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `,"osd.%d":{"id":%d}`, i, i)
	}
	wide := Bound{Elements: 20_000, Width: 20_000, Depth: 3}
	if err := wide.Check([]byte("{" + b.String()[1:] + "}")); err != nil {
		t.Error(err)
	}
	if err := wide.Check([]byte("{" + b.String()[1:] + `,"OSD.17":{}}`)); err == nil || !strings.Contains(err.Error(), `"osd.17" twice`) && !strings.Contains(err.Error(), `"OSD.17" twice`) {
		t.Error(err)
	}
}

// elements counts what was decoded.
func elements(v any) (n, width, depth int) {
	each := func(v any) {
		below, w, d := elements(v)
		n, width, depth = n+1+below, max(width, w), max(depth, d+1)
	}
	switch v := v.(type) {
	case []any:
		depth = 1
		for _, e := range v {
			each(e)
		}
		width = max(width, len(v))
	case map[string]any:
		depth = 1
		for _, e := range v {
			each(e)
		}
		width = max(width, len(v))
	}
	return n, width, depth
}

// contradicts says whether an object says one thing twice, and not the same: two
// members of which encoding/json finds one field that has a plain name.
func contradicts(document []byte) bool {
	d := json.NewDecoder(bytes.NewReader(document))
	start, err := d.Token()
	if err != nil || start != json.Delim('{') && start != json.Delim('[') {
		return false
	}
	said := map[string]json.RawMessage{}
	for d.More() {
		var key string
		if start == json.Delim('{') {
			token, err := d.Token()
			if err != nil {
				return false
			}
			key = token.(string)
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return false
		}
		if contradicts(value) {
			return true
		}
		if start == json.Delim('[') {
			continue
		}
		for other, before := range said {
			ascii := func(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }
			if strings.EqualFold(key, other) && (key == other || ascii(key) || ascii(other)) && !bytes.Equal(value, before) {
				return true
			}
		}
		said[key] = value
	}
	return false
}

// FuzzCheck compares with encoding/json: what it builds of a document that was
// passed is within the bound, and what is within the bound and says nothing
// twice is passed.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{"a":[{},{},null,1e5,"x\"]"],"B":{"c":[[1]]}}`, `{"a":1,"A":2}`, `{"k":1,"\u212a":2}`, `[{"\u0061":1,"a":2}]`, `[[[[[]]]]]`, `[ {} , { "k" : [ ] } ]`, `{"a":1}{"a":2}`, `["\\"`, `{"a"`,
		`{"Fans":[` + strings.Repeat("{},", 30) + `{}]}`, `{"a` + strings.Repeat("long", 100) + `":1}`, `[` + strings.Repeat("9", 1000) + `]`,
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range hostile.Seeds(`{"data":`, "vmid", `}`) {
		f.Add([]byte(seed))
	}
	bound := Bound{Elements: 40, Width: 16, Depth: 8}
	f.Fuzz(func(t *testing.T, document []byte) {
		err := bound.Check(document)
		var v any
		if json.Unmarshal(document, &v) != nil {
			return
		}
		n, width, depth := elements(v)
		over := n > bound.Elements || width > bound.Width || depth > bound.Depth
		if over && err == nil {
			t.Errorf("%q has %d elements, the widest %d, %d deep", document, n, width, depth)
		}
		if err == nil && contradicts(document) {
			t.Errorf("%q says one thing twice", document)
		}
		again, _ := json.Marshal(v)
		var same any
		if json.Unmarshal(again, &same) != nil || !reflect.DeepEqual(v, same) {
			return
		}
		if err := bound.Check(again); !over && err != nil && !strings.Contains(err.Error(), "twice") {
			t.Errorf("%q: %v", again, err)
		}
	})
}
