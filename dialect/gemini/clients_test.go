// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"encoding/json"
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
				Body        map[string]any
			}
		}
		if err := json.Unmarshal(data, &recorded); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, r := range recorded.Requests {
			if _, method, ok := strings.Cut(r.Path, ":"); ok {
				checked++
				if d := lost(t, r.Path+r.Query, method, r.Body); d != "" {
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
func lost(t *testing.T, url, method string, sent map[string]any) string {
	t.Helper()
	body, err := json.Marshal(whole("", sent))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", url, nil)
	if method == embedMany {
		req, err := Server{}.EmbedRequest(r, body)
		if err != nil || len(req.Inputs) == 0 || req.Model != "m" {
			return "embed: " + err.Error()
		}
		return ""
	}
	req, err := Server{}.Request(r, body)
	if err != nil {
		return err.Error()
	}
	if req.Stream != strings.HasPrefix(method, "stream") || req.Model == "" {
		t.Errorf("%s is read as %q, stream %v", url, req.Model, req.Stream)
	}
	content, err := req.Content()
	if err != nil {
		return err.Error()
	}
	written, _, err := Client{}.encode("gemini-2.5-flash", content)
	if err != nil {
		return err.Error()
	}
	return cmp.Diff(plain(body), plain(written))
}

// whole makes a body of a recorded shape: without the notes that stand for the rest of a long array, and with objects and
// base64 where place holders stand for them.
func whole(key string, v any) any {
	switch v := v.(type) {
	case string:
		switch {
		case v == "<object>" || v == "<json-schema>":
			return map[string]any{"type": "object"}
		case key == "thoughtSignature":
			return "AbCd"
		}
		return v
	case map[string]any:
		for k := range v {
			v[k] = whole(k, v[k])
		}
		return v
	case []any:
		kept := []any{}
		for _, elem := range v {
			if note, ok := elem.(string); !ok || !strings.HasPrefix(note, "<array of") {
				kept = append(kept, whole(key, elem))
			}
		}
		return kept
	}
	return v
}

func plain(body []byte) any {
	var v any
	json.Unmarshal(body, &v)
	return v
}
