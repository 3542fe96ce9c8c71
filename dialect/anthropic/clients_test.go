// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/internal/shareddata"
)

// TestRecordedClients reads what SDKs and coding agents were recorded to send, and writes it again: nothing may be
// lost. The recordings lie beside the public data.
func TestRecordedClients(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shareddata.Dir(t), "..", "clients", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recorded struct {
			Requests []struct {
				Path, Query string
				Headers     map[string]string
				Body        map[string]any
			}
		}
		if err := json.Unmarshal(data, &recorded); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, r := range recorded.Requests {
			if strings.Contains(r.Path, "/v1/messages") {
				checked++
				header := http.Header{}
				for key, v := range r.Headers {
					header.Set(key, v)
				}
				if d := lost(t, r.Path+r.Query, header, r.Body); d != "" {
					t.Errorf("%s, request %d (-sent +written again):\n%s", filepath.Base(file), i, d)
				}
			}
		}
	}
	if checked == 0 {
		t.Skip("no recordings of clients found beside the data sets")
	}
}

// lost decodes and encodes a body, and returns how it changed.
func lost(t *testing.T, path string, header http.Header, sent map[string]any) string {
	t.Helper()
	body, err := json.Marshal(whole(sent))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, nil)
	r.Header = header
	req, err := request(r, body, strings.HasSuffix(r.URL.Path, "count_tokens"))
	if err != nil {
		return err.Error()
	}
	out, err := Client{}.Request(t.Context(), "https://h", "up", req)
	if err != nil {
		return err.Error()
	}
	if out.Header.Get("Anthropic-Version") != header.Get("Anthropic-Version") || out.Header.Get("Anthropic-Beta") != header.Get("Anthropic-Beta") ||
		out.URL.RawQuery != r.URL.RawQuery || out.Header.Get("Authorization") != "" || out.Header.Get("X-Api-Key") != "" {
		return "headers " + out.URL.String()
	}
	content, err := req.Content()
	if err != nil {
		return err.Error()
	}
	written, notes, err := Client{}.encode(req.Model, req.Stream, content)
	if err != nil || notes != nil {
		return strings.Join(append(notes, "not encoded"), " ")
	}
	return cmp.Diff(bare(body), bare(written))
}

// whole takes the notes out that stand for the rest of a long array in the recordings, and gives their place holders the
// shape they stand for.
func whole(v any) any {
	switch v := v.(type) {
	case string:
		if v == "<object>" || v == "<json-schema>" {
			return map[string]any{"type": "object"}
		}
	case map[string]any:
		for key := range v {
			v[key] = whole(v[key])
		}
	case []any:
		kept := []any{}
		for _, elem := range v {
			if note, ok := elem.(string); !ok || !strings.HasPrefix(note, "<array of") {
				kept = append(kept, whole(elem))
			}
		}
		return kept
	}
	return v
}

// bare parses a body and takes out what says nothing: nulls, a stream that is off, and a limit that is there by
// default; content that is one text is a string.
func bare(body []byte) any {
	var v any
	json.Unmarshal(body, &v)
	if top, ok := v.(map[string]any); ok {
		if top["stream"] == false {
			delete(top, "stream")
		}
		if top["max_tokens"] == float64(usualUnknown) {
			delete(top, "max_tokens")
		}
	}
	return silenced(v)
}

func silenced(v any) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(key string, value any) bool { return value == nil || key == "is_error" && value == false })
		for key := range v {
			v[key] = silenced(v[key])
			if list, ok := v[key].([]any); ok && len(list) == 1 && (key == "content" || key == "system") {
				if only, ok := list[0].(map[string]any); ok && len(only) == 2 && only["type"] == "text" {
					v[key] = only["text"]
				}
			}
		}
	case []any:
		for i := range v {
			v[i] = silenced(v[i])
		}
	}
	return v
}
