// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"maps"
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
				Path string
				Body map[string]any
			}
		}
		if err := json.Unmarshal(data, &recorded); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, r := range recorded.Requests {
			if strings.HasSuffix(r.Path, "/chat/completions") {
				checked++
				if d := lost(t, r.Body); d != "" {
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
func lost(t *testing.T, sent map[string]any) string {
	t.Helper()
	body, err := json.Marshal(whole(sent))
	if err != nil {
		t.Fatal(err)
	}
	req, err := request(string(body))
	if err != nil {
		return err.Error()
	}
	content, err := req.Content()
	if err != nil {
		return err.Error()
	}
	written, _, err := Client{}.encode("http://127.0.0.1/v1", req.Model, req.Stream, content)
	if err != nil {
		return err.Error()
	}
	return cmp.Diff(plain(body), plain(written))
}

// whole takes the notes out that stand for the rest of a long array in the recordings.
func whole(v any) any {
	switch v := v.(type) {
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

// plain parses a body and takes out what says nothing: nulls, a stream that is off, and usage, which is always asked for.
func plain(body []byte) any {
	var v any
	json.Unmarshal(body, &v)
	if top, ok := v.(map[string]any); ok {
		delete(top, "stream_options")
		if top["stream"] == false {
			delete(top, "stream")
		}
	}
	return silent(v)
}

func silent(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v["role"] == "developer" {
			v["role"] = "system"
		}
		maps.DeleteFunc(v, func(_ string, value any) bool { return value == nil })
		for key := range v {
			v[key] = silent(v[key])
		}
	case []any:
		for i := range v {
			v[i] = silent(v[i])
		}
	}
	return v
}
