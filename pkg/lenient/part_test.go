package lenient

import (
	"encoding/json"
	"testing"
)

// Parts are those of the document itself: what changes there changes in them.
func TestPart(t *testing.T) {
	document := []byte(`{"data": [ {"id":1} ,"two",null, 4]}`)
	var whole map[string]Part
	if err := json.Unmarshal(document, &whole); err != nil {
		t.Fatal(err)
	}
	var rows []Part
	if err := json.Unmarshal(whole["data"], &rows); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`{"id":1}`, `"two"`, `null`, `4`} {
		if string(rows[i]) != want {
			t.Errorf("row %d is %s, expected %s", i, rows[i], want)
		}
	}
	document[17] = '7'
	if string(rows[0]) != `{"id":7}` {
		t.Errorf("%s is a copy", rows[0])
	}
}
