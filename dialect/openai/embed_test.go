// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"errors"
	"io"
	"math"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/model"
)

func embedRequest(body string) (*model.EmbedRequest, error) {
	return Server{}.EmbedRequest(httptest.NewRequest("POST", "/v1/embeddings", nil), []byte(body))
}

func TestEmbedRequests(t *testing.T) {
	for in, want := range map[string]model.EmbedRequest{
		`"input":"a"`: {Inputs: []string{"a"}},
		`"input":["a","é"],"encoding_format":"base64"`: {Inputs: []string{"a", "é"}},
		`"input":[1,2,3]`: {Tokens: [][]int{{1, 2, 3}}},
		`"input":[[1],[2,3]],"dimensions":8,"user":"u"`: {Tokens: [][]int{{1}, {2, 3}}, Dimensions: 8, User: "u"},
		`"input":"a","own":{"x":1},"dimensions":null`:   {Inputs: []string{"a"}},
	} {
		got, err := embedRequest(`{"model":"e",` + in + "}")
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		want.Model, want.Tenant = "e", model.DefaultTenant
		if d := cmp.Diff(&want, got, cmpopts.IgnoreFields(model.EmbedRequest{}, "Wire")); d != "" {
			t.Errorf("%s (-want +got):\n%s", in, d)
		}
	}
	for in, want := range map[string]string{
		"": "empty", "[]": "not an object", "{": "not JSON", `{"input":"a"}`: "model: is missing", `{"model":"e"}`: "input: is missing", `{"model":"e","input":[]}`: "input: is missing",
		`{"model":"e","input":7}`: "input: must be a text", `{"model":"e","input":["a",1]}`: "input[1]: must be", `{"model":"e","input":[1,"a"]}`: "input[1]: must be",
		`{"model":"e","input":[[1],2]}`: "input[1]: must be", `{"model":"e","input":[1.5]}`: "input[0]: must be a whole", `{"model":"e","input":[[null]]}`: "input[0][0]: must be a whole",
		`{"model":"e","input":"a","encoding_format":"hex"}`: "encoding_format: must be", `{"model":"e","model":"f","input":"a"}`: "model: is given twice", `{"model":"e","input":"a","dimensions":0}`: "dimensions: must be",
	} {
		if _, err := embedRequest(in); err == nil || model.KindOf(err) != model.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
}

func TestEmbeddingsComeBack(t *testing.T) {
	vectors := [][]float32{{0.1, -2.5e-9, 3}, {math.MaxFloat32, 0, math.SmallestNonzeroFloat32}}
	for _, format := range []string{"", `,"encoding_format":"float"`, `,"encoding_format":"base64"`} {
		req, err := embedRequest(`{"model":"e","input":["a","b"]` + format + "}")
		if err != nil {
			t.Fatal(err)
		}
		body, err := Server{}.Embedded(req, &model.Embeddings{Model: "up/e", Vectors: vectors, Usage: model.Usage{Input: 7}})
		if err != nil {
			t.Fatal(err)
		}
		if packed := strings.Contains(string(body), `"embedding":"`); packed != strings.Contains(format, "base64") {
			t.Errorf("%s: %s", format, body)
		}
		got, err := Client{}.Embedded(req, body)
		if err != nil {
			t.Fatal(err)
		}
		want := &model.Embeddings{Vectors: vectors, Usage: model.Usage{Input: 7}, Body: &model.Body{Dialect: Name, Data: body}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
		if again, err := (Server{}).Embedded(req, got); err != nil || string(again) != string(body) {
			t.Errorf("an answer in this dialect was changed: %s, %v", again, err)
		}
	}
	nan := &model.Embeddings{Vectors: [][]float32{{float32(math.NaN()), float32(math.Inf(1))}}}
	if body, err := (Server{}).Embedded(&model.EmbedRequest{Model: "e"}, nan); err != nil || !strings.Contains(string(body), `"embedding":[0,0]`) || !strings.Contains(string(body), `"model":"e"`) {
		t.Errorf("got %s, %v", body, err)
	}
}

func TestEmbedRequestsGoOut(t *testing.T) {
	own, err := embedRequest(`{ "input":["a"], "model":"fast","own":1.0,"encoding_format":"base64" }`)
	if err != nil {
		t.Fatal(err)
	}
	cut := true
	foreign := &model.EmbedRequest{Model: "fast", Inputs: []string{"a", "b"}, Dimensions: 3, User: "u", Purpose: "query", Title: "t", Truncate: &cut}
	tokens := &model.EmbedRequest{Model: "fast", Tokens: [][]int{{1, 2}, {3}}}
	for _, tc := range []struct {
		base    string
		req     *model.EmbedRequest
		want    string
		dropped []string
	}{
		{elsewhere, own, `{ "input":["a"], "model":"m","own":1.0,"encoding_format":"base64" }`, nil},
		{elsewhere, foreign, `{"model":"m","input":["a","b"],"dimensions":3,"user":"u"}`, []string{"purpose", "title", "truncate"}},
		{vendors, tokens, `{"model":"m","input":[[1,2],[3]],"encoding_format":"base64"}`, nil},
	} {
		trail := &model.Trail{}
		r, err := Client{}.EmbedRequest(model.WithTrail(t.Context(), trail), tc.base, "m", tc.req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		if string(body) != tc.want || r.URL.String() != tc.base+"/embeddings" {
			t.Errorf("%s: got  %s\nwant %s", r.URL, body, tc.want)
		}
		if d := cmp.Diff(tc.dropped, trail.Dropped(), cmpopts.SortSlices(strings.Compare)); d != "" {
			t.Errorf("dropped (-want +got):\n%s", d)
		}
	}
	foreign.Strict = true
	if _, err := (Client{}).EmbedRequest(t.Context(), elsewhere, "m", foreign); err == nil || model.KindOf(err) != model.Invalid {
		t.Errorf("strict: %v", err)
	}
}

func TestBadEmbeddings(t *testing.T) {
	req := &model.EmbedRequest{Inputs: []string{"a", "b"}}
	for body, want := range map[string]string{
		"":                             "not a JSON object",
		"[]":                           "not a JSON object",
		"{":                            "not JSON",
		"{}":                           "no vector for input 0 of 2",
		`{"data":[{"embedding":[1]}]}`: "no vector for input 1 of 2",
		`{"data":[{"embedding":[1]},{"index":0,"embedding":[1]}]}`: "no vector for input 1",
		`{"data":[{"index":2,"embedding":[1]}]}`:                   "beyond the inputs",
		`{"data":[{"index":-1,"embedding":[1]}]}`:                  "must be between",
		`{"data":[{"embedding":["a"]}]}`:                           "must be a number",
		`{"data":[{"embedding":"AAA"}]}`:                           "not a vector in base64",
		`{"data":[{"embedding":"AAA="}]}`:                          "not a vector in base64",
		`{"error":{"message":"No","type":"server_error"}}`:         "No",
	} {
		_, err := Client{}.Embedded(req, []byte(body))
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Upstream && e.Kind != model.Unavailable || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	got, err := Client{}.Embedded(req, []byte(`{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]}`))
	if err != nil || got.Vectors[0][0] != 1 || got.Vectors[1][0] != 2 {
		t.Errorf("out of order: %+v, %v", got, err)
	}
}

func FuzzEmbeddings(f *testing.F) {
	f.Add([]byte(`{"model":"e","input":["a","b"],"encoding_format":"base64"}`), []byte(`{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":"AACAPw=="}]}`))
	f.Add([]byte(`{"model":"e","input":[[1],[2]]}`), []byte("{}"))
	f.Fuzz(func(t *testing.T, ask, answer []byte) {
		req, err := embedRequest(string(ask))
		if err != nil {
			if model.KindOf(err) != model.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		if _, err := (Client{}).EmbedRequest(t.Context(), elsewhere, "m", req); err != nil {
			t.Fatalf("accepted, but not passed on: %v", err)
		}
		if got, err := (Client{}).Embedded(req, answer); err == nil && len(got.Vectors) != max(len(req.Inputs), len(req.Tokens)) {
			t.Fatalf("%d vectors", len(got.Vectors))
		}
	})
}
