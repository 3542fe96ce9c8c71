// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/dialect"
	"retort/dialect/all"
	"retort/internal/shareddata"
	"retort/model"
)

// recorded is a request that a real client was seen to send.
type recorded struct {
	from, method, path, query string
	headers                   map[string]string
	body                      any
}

func recordings(t *testing.T) []recorded {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shareddata.Dir(t), "..", "clients", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no recordings of clients found beside the data sets")
	}
	var out []recorded
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Requests []struct {
				Method, Path, Query string
				Headers             map[string]string
				Body                any
			}
		}
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, r := range v.Requests {
			out = append(out, recorded{filepath.Base(file), r.Method, r.Path, r.Query, r.Headers, whole(r.Body)})
		}
	}
	return out
}

// whole takes the notes out that stand for the rest of a long array in the recordings, and makes of place holders what
// is valid in their place.
func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			switch text, _ := v[key].(string); {
			case text == "<object>", text == "<json-schema>":
				v[key] = map[string]any{"type": "object"}
			case text == "<number>":
				v[key] = 1.0
			case strings.HasPrefix(text, "<"):
				v[key] = filled(key)
			default:
				v[key] = whole(v[key])
			}
		}
	case []any:
		kept := []any{}
		for _, elem := range v {
			if note, ok := elem.(string); !ok || !strings.HasPrefix(note, "<array of") {
				kept = append(kept, whole(elem))
			}
		}
		return kept
	case string:
		if v == "<object>" {
			return map[string]any{"role": "user", "content": "text"}
		}
	}
	return v
}

// filled returns what a field may hold whose value was not recorded.
func filled(key string) any {
	switch key {
	case "data", "file_data":
		return "AQID"
	case "encoding_format":
		return "base64"
	case "arguments":
		return "{}"
	case "encrypted_content", "signature", "thoughtSignature":
		return "c2VhbA=="
	}
	return "text"
}

// servedAt returns the dialect and the route that a request is for.
func servedAt(r recorded) (all.Entry, dialect.Route, bool) {
	for _, d := range served() {
		for _, route := range d.Server.Routes() {
			if route.Method != r.method || route.Header != "" && r.headers[strings.ToLower(route.Header)] == "" {
				continue
			}
			before, after, star := strings.Cut(route.Path, "*")
			if route.Path == r.path || star && strings.HasPrefix(r.path, before) && strings.HasSuffix(r.path, after) {
				return d, route, true
			}
		}
	}
	return all.Entry{}, dialect.Route{}, false
}

func (r *recorded) http(body []byte) *http.Request {
	req := httptest.NewRequest(r.method, r.path+r.query, strings.NewReader(string(body)))
	for key, v := range r.headers {
		req.Header.Set(key, v)
	}
	return req
}

// TestRecordedClientsLoseNothing reads what SDKs and agents send, and writes and reads it again: the content is the
// same, nothing is dropped, and no field of the body is lost.
func TestRecordedClientsLoseNothing(t *testing.T) {
	checked := map[string]int{}
	for _, r := range recordings(t) {
		d, route, ok := servedAt(r)
		if !ok || route.Op != dialect.Generate {
			continue
		}
		if fields(r.body)["previous_response_id"] > 0 {
			continue // refers to what the upstream keeps: it passes unchanged, or not at all
		}
		checked[d.Name]++
		body, err := json.Marshal(r.body)
		if err != nil {
			t.Fatal(err)
		}
		req, err := d.Server.Request(r.http(body), body)
		if err != nil {
			t.Errorf("%s %s: %v\n%s", r.from, r.path, err, body)
			continue
		}
		content, err := req.Content()
		if err != nil {
			t.Errorf("%s %s: %v\n%s", r.from, r.path, err, body)
			continue
		}
		again := req.WithContent(content)
		e, err := encodeRequest(t, d, again)
		if err != nil {
			t.Errorf("%s %s: %v", r.from, r.path, err)
			continue
		}
		if len(e.dropped) > 0 {
			t.Errorf("%s %s: dropped %v", r.from, r.path, e.dropped)
		}
		_, back, err := decode(d, e)
		if err != nil {
			t.Errorf("%s %s: %v", r.from, r.path, err)
			continue
		}
		ignore := cmpopts.IgnoreFields(model.Content{}, "IncludeUsage")
		if diff := cmp.Diff(content, back, cmpopts.EquateEmpty(), ignore, rawJSON()); diff != "" {
			t.Errorf("%s %s (-read +written and read again):\n%.3000s", r.from, r.path, diff)
		}
		var sent, written any
		if json.Unmarshal(body, &sent) != nil || json.Unmarshal(e.body, &written) != nil {
			t.Fatal("cannot be")
		}
		if missing := missing(fields(sent), fields(written)); len(missing) > 0 {
			t.Errorf("%s %s: fields %v are lost\n%.2000s\n%.2000s", r.from, r.path, missing, body, e.body)
		}
	}
	for _, d := range served() {
		if checked[d.Name] == 0 && d.Name != "ollama" {
			t.Errorf("no recording is for %s", d.Name)
		}
	}
	t.Logf("checked %v", checked)
}

// rawJSON compares raw values by what they say.
func rawJSON() cmp.Option {
	return cmp.FilterValues(func(a, b json.RawMessage) bool { return len(a) > 0 && len(b) > 0 },
		cmp.Comparer(func(a, b json.RawMessage) bool { return sameJSON(a, b) }))
}

// fields counts the names of a body's members, but for those whose value says nothing.
func fields(v any) map[string]int {
	out := map[string]int{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if object, ok := inner.(map[string]any); inner != nil && inner != false && (!ok || len(object) > 0) {
					out[key]++
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(v)
	return out
}

// missing returns the names that are there less often. Those of the model, which may go into the URL, and of flags that
// the transport says in other ways are not counted.
func missing(sent, written map[string]int) []string {
	var out []string
	for key, n := range sent {
		if written[key] < n && !slices.Contains([]string{"model", "stream", "type", "role", "text", "content"}, key) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// TestRecordedClientsReachEveryUpstream translates what real clients send to every other dialect, which must accept it
// as valid.
func TestRecordedClientsReachEveryUpstream(t *testing.T) {
	for _, r := range recordings(t) {
		d, route, ok := servedAt(r)
		if !ok || route.Op != dialect.Generate || fields(r.body)["previous_response_id"] > 0 {
			continue
		}
		body, err := json.Marshal(r.body)
		if err != nil {
			t.Fatal(err)
		}
		req, err := d.Server.Request(r.http(body), body)
		if err != nil {
			continue // said elsewhere
		}
		for _, up := range all.All() {
			e, err := encodeRequest(t, up, req)
			if err != nil {
				t.Errorf("%s %s to %s: %v", r.from, r.path, up.Name, err)
				continue
			}
			if up.Server == nil {
				continue
			}
			back, content, err := decode(up, e)
			if err != nil {
				t.Errorf("%s %s to %s: %v", r.from, r.path, up.Name, err)
				continue
			}
			if back.Stream != req.Stream {
				t.Errorf("%s %s to %s: stream %v became %v", r.from, r.path, up.Name, req.Stream, back.Stream)
			}
			if len(content.Messages) == 0 {
				t.Errorf("%s %s to %s: nothing arrives: %.500s", r.from, r.path, up.Name, e.body)
			}
		}
	}
}
