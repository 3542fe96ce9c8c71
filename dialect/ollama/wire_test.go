// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"encoding/json"
	"io"
	"net/http/httptest"
	"reflect"
	"testing"

	"retort/model"
)

// FuzzRequest checks that a body that is taken passes on with another name and nothing else changed.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{`{"model":"a","messages":[{}]}`, ` {"stream":null, "mo\u0064el" : "\ud83d\ude00","prompt":"x" } `, `{"model":"a","keep_alive":"0m","messages":[]}`,
		`{"messages":{},"stream":false,"model":"b","context":[1],"keep_alive":-1}`, `{"model":"a"`, `[]`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{chatPath, generatePath} {
			req, err := Server{}.Request(httptest.NewRequest("POST", path, nil), body)
			if err != nil {
				if model.KindOf(err) != model.Invalid {
					t.Fatalf("%v: kind %v", err, model.KindOf(err))
				}
				continue
			}
			out, err := Client{}.Request(t.Context(), "http://h", "new\n", req)
			if err != nil || out.URL.Path != path {
				t.Fatalf("to %v: %v", out.URL, err)
			}
			text, err := io.ReadAll(out.Body)
			if err != nil {
				t.Fatal(err)
			}
			var before, after map[string]any
			if json.Unmarshal(body, &before) != nil || json.Unmarshal(text, &after) != nil {
				t.Fatalf("not JSON: %q became %q", body, text)
			}
			if after["model"] != "new\n" {
				t.Fatalf("the model is %v", after["model"])
			}
			if before["model"] = "new\n"; !reflect.DeepEqual(before, after) {
				t.Fatalf("%q became %q", body, text)
			}
			if resp := (Server{}).Instant(req); resp != nil && len(resp.Choices) != 1 {
				t.Fatalf("loading is answered by %+v", resp)
			}
		}
	})
}

// FuzzEmbed checks that requests and answers with vectors survive being read and written.
func FuzzEmbed(f *testing.F) {
	f.Add([]byte(`{"model":"m","input":["a",""],"dimensions":2,"truncate":null}`), []byte(`{"embeddings":[[1,-0.5e-9],[]],"prompt_eval_count":3}`))
	f.Add([]byte(`{"prompt":"a","model":"m"}`), []byte(`{"embedding":[1e38]}`))
	f.Fuzz(func(t *testing.T, body, answer []byte) {
		for _, path := range []string{embedPath, embeddingsPath} {
			req, err := Server{}.EmbedRequest(httptest.NewRequest("POST", path, nil), body)
			if err != nil {
				if model.KindOf(err) != model.Invalid {
					t.Fatalf("%v: kind %v", err, model.KindOf(err))
				}
				continue
			}
			if len(req.Inputs) == 0 || req.Model == "" {
				t.Fatalf("%+v", req)
			}
			e, err := Client{}.Embedded(req, answer)
			if err != nil {
				if model.KindOf(err) == model.Internal {
					t.Fatal(err)
				}
				continue
			}
			e.Body = nil
			text, err := Server{}.Embedded(req, e)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Client{}.Embedded(req, text)
			if err != nil || !reflect.DeepEqual(again.Vectors, e.Vectors) {
				t.Fatalf("%s: %v\n%v\n%v", text, err, e, again)
			}
		}
	})
}
