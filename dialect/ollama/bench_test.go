// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"retort/model"
)

// BenchmarkStream reads a stream of 200 lines, and writes it to a client of the same dialect and to one of another.
func BenchmarkStream(b *testing.B) {
	text := strings.Repeat(lineOf(`"content":" token"`), 199) + doneLine
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = true
	for name, foreign := range map[string]bool{"pass": false, "made": true} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				a := Server{}.Answer(io.Discard, req)
				r := &http.Response{Body: io.NopCloser(strings.NewReader(text)), ContentLength: -1}
				resp, err := Client{}.Response(r, req, testLimit, func(p model.Part) error {
					if foreign {
						p.Event = model.Event{}
					}
					return a.Part(p)
				})
				if err != nil || a.Finish(resp) != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
