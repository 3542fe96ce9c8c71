// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"retort/dialect"
	"retort/dialect/openai"
	"retort/model"
)

// side answers what is beside Chat Completions: models and vectors.
func side(t *testing.T) sdk.Client {
	t.Helper()
	s := openai.Server{}
	infos := []dialect.Info{{Name: "a/b c"}, {Name: "fast", Owner: "up", Created: time.Unix(17, 0)}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, r *http.Request) { w.Write(s.Models(r, infos)) })
	mux.HandleFunc("GET /v1/models/", func(w http.ResponseWriter, r *http.Request) {
		name, err := s.Named(r, nil)
		if err != nil {
			fail(w, err)
			return
		}
		for _, m := range infos {
			if m.Name == name {
				w.Write(s.Model(m))
			}
		}
	})
	mux.HandleFunc("POST /v1/embeddings", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := s.EmbedRequest(r, body)
		if err != nil {
			fail(w, err)
			return
		}
		got := &model.Embeddings{Model: "up/e", Usage: model.Usage{Input: 3}}
		for _, text := range req.Inputs {
			got.Vectors = append(got.Vectors, []float32{float32(len(text)), 0.5})
		}
		out, err := s.Embedded(req, got)
		if err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(out)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return sdk.NewClient(option.WithBaseURL(server.URL+"/v1"), option.WithAPIKey("k"), option.WithMaxRetries(0),
		option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
			resp, err := next(r)
			if resp != nil && resp.Header.Get("Content-Type") == "text/plain; charset=utf-8" {
				resp.Header.Set("Content-Type", "application/json")
			}
			return resp, err
		}))
}

func TestSDKModels(t *testing.T) {
	client := side(t)
	page, err := client.Models.List(t.Context())
	if err != nil || len(page.Data) != 2 || page.Data[0].ID != "a/b c" || page.Data[0].OwnedBy != "retort" || page.Data[1].Created != 17 || page.Data[1].OwnedBy != "up" {
		t.Errorf("got %+v, %v", page, err)
	}
	one, err := client.Models.Get(t.Context(), "a/b c")
	if err != nil || one.ID != "a/b c" || one.Object != "model" {
		t.Errorf("got %+v, %v", one, err)
	}
	if _, err := (openai.Server{}).Named(httptest.NewRequest("GET", "/v1/models/", nil), nil); model.KindOf(err) != model.Invalid {
		t.Errorf("no name: %v", err)
	}
	if body := string(openai.Server{}.Models(nil, nil)); body != `{"object":"list","data":[]}` {
		t.Errorf("no models: %s", body)
	}
}

func TestSDKEmbeddings(t *testing.T) {
	client := side(t)
	p := sdk.EmbeddingNewParams{Model: "e", Input: sdk.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "bcd"}}}
	got, err := client.Embeddings.New(t.Context(), p)
	if err != nil || len(got.Data) != 2 || got.Data[1].Index != 1 || got.Data[1].Embedding[0] != 3 || got.Data[1].Embedding[1] != 0.5 || got.Usage.PromptTokens != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	one := base64.StdEncoding.EncodeToString([]byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x3f})
	req, err := openai.Server{}.EmbedRequest(nil, []byte(`{"model":"e","input":"a","encoding_format":"base64"}`))
	if err != nil {
		t.Fatal(err)
	}
	body, err := openai.Server{}.Embedded(req, &model.Embeddings{Vectors: [][]float32{{1, 0.5}}})
	if err != nil || !strings.Contains(string(body), one) {
		t.Errorf("got %s, %v; want %s", body, err, one)
	}
}
