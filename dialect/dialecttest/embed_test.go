// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"io"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

// TestVectorsSurvivePairs asks for vectors in each dialect, of upstreams of each dialect: texts arrive in order, and
// each gets its vector.
func TestVectorsSurvivePairs(t *testing.T) {
	vectors := [][]float32{{0.5, -1.25e-3}, {0.1, 3}}
	pairs := 0
	for _, from := range served() {
		asker, ok := from.Client.(dialect.EmbedClient)
		front, serves := from.Server.(dialect.EmbedServer)
		if !ok || !serves {
			continue
		}
		r, err := asker.EmbedRequest(t.Context(), base(from.Name), "fast", &model.EmbedRequest{Model: "fast", Inputs: []string{"é\n", "b"}, Dimensions: 2})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		asked, err := front.EmbedRequest(httptest.NewRequest(r.Method, r.URL.String(), nil), body)
		if err != nil {
			t.Fatalf("%s: %v\n%s", from.Name, err, body)
		}
		for _, up := range served() {
			client, ok := up.Client.(dialect.EmbedClient)
			back, serves := up.Server.(dialect.EmbedServer)
			if !ok || !serves {
				continue
			}
			pairs++
			r, err := client.EmbedRequest(t.Context(), base(up.Name), "m", asked)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			got, err := back.EmbedRequest(httptest.NewRequest(r.Method, r.URL.String(), nil), body)
			if err != nil {
				t.Fatalf("%s to %s: %v\n%s", from.Name, up.Name, err, body)
			}
			if got.Model != "m" || got.Dimensions != 2 || !cmp.Equal(got.Inputs, []string{"é\n", "b"}) {
				t.Errorf("%s to %s: %+v\n%s", from.Name, up.Name, got, body)
			}
			answer, err := back.Embedded(got, &model.Embeddings{Model: "up/m", Vectors: vectors, Usage: model.Usage{Input: 4}})
			if err != nil {
				t.Fatal(err)
			}
			read, err := client.Embedded(asked, answer)
			if err != nil {
				t.Fatalf("%s to %s: %v\n%s", from.Name, up.Name, err, answer)
			}
			if !cmp.Equal(read.Vectors, vectors) {
				t.Errorf("%s to %s: %v\n%s", from.Name, up.Name, read.Vectors, answer)
			}
			told, err := front.Embedded(asked, read)
			if err != nil {
				t.Fatal(err)
			}
			last, err := asker.Embedded(asked, told)
			if err != nil || !cmp.Equal(last.Vectors, vectors) {
				t.Errorf("%s to %s and back: %v, %v\n%s", from.Name, up.Name, last, err, told)
			}
		}
	}
	if pairs == 0 {
		t.Error("no dialect has vectors")
	}
}
