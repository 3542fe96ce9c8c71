// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import (
	"encoding/json"
	"testing"
)

// TestDottedNames reads fields whose names look like the notes of decoders, and writes them again.
func TestDottedNames(t *testing.T) {
	const body = `{".hidden":6,".o":{".x":1,"y":2},"..two":3,"z":4}`
	r := New([]byte(body))
	r.Extras = true
	var extra map[string]json.RawMessage
	err := r.Members(func(key string) error {
		if key != "..o" {
			return r.Keep(&extra, key)
		}
		var rest map[string]json.RawMessage
		err := r.Members(func(key string) error { return r.Keep(&rest, key) })
		return r.Leftover(&extra, "o", rest, err)
	})
	if err != nil || extra[".hidden"] != nil || string(extra["..hidden"]) != "6" || extra["...two"] == nil {
		t.Fatalf("%v in %s", err, extra)
	}
	w := &Writer{}
	mark := w.Open()
	w.Key("o")
	inner := w.Open()
	w.Members(extra["o"])
	w.Close(inner)
	delete(extra, "o")
	w.Extra(extra)
	w.Close(mark)
	if want := `{"o":{".x":1,"y":2},"..two":3,".hidden":6,"z":4}`; string(w.B) != want {
		t.Errorf("got %s, want %s", w.B, want)
	}
}
