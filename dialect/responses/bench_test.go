// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/model"
)

// answerTo writes a stream of n words.
func answerTo(w io.Writer, req *model.Request, n int) error {
	a := Server{}.Answer(w, req)
	for range n {
		if err := a.Part(model.Part{Kind: model.TextPart, Text: " word", Model: "up/m"}); err != nil {
			return err
		}
	}
	if err := a.Part(model.Part{Kind: model.FinishPart, Finish: model.FinishStop}); err != nil {
		return err
	}
	return a.Finish(model.Answer("up/m", strings.Repeat(" word", n)))
}

const words = 200

func BenchmarkAnswerStream(b *testing.B) {
	r := httptest.NewRequest("POST", "/v1/responses", nil)
	b.ReportAllocs()
	for b.Loop() {
		req, err := Server{}.Request(r, []byte(`{"model":"m","input":"hi","stream":true}`))
		if err != nil {
			b.Fatal(err)
		}
		if err := answerTo(io.Discard, req, words); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadStream(b *testing.B) {
	req, err := Server{}.Request(httptest.NewRequest("POST", "/v1/responses", nil), []byte(`{"model":"m","input":"hi","stream":true}`))
	if err != nil {
		b.Fatal(err)
	}
	var body strings.Builder
	if err := answerTo(&body, req, words); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(strings.NewReader(body.String()))}
		if _, err := (Client{}).Response(r, req, 1<<20, model.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTranslate(b *testing.B) {
	for name, n := range map[string]int{"1KB": 2, "60KB": 120} {
		body := []byte(`{"model":"m","input":[` + strings.Repeat(`{"type":"message","role":"user","content":[{"type":"input_text","text":"`+strings.Repeat("some words, ", 20)+`"}]},`+
			`{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"`+strings.Repeat("more ", 20)+`","annotations":[]}]},`, n) +
			`{"role":"user","content":"end"}]}`)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				content, err := decode(body)
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := (Client{}).encode(asked{base: "http://h/v1", name: "m"}, content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkKeep keeps a turn of a long conversation, of which all but the last turn is kept already.
func BenchmarkKeep(b *testing.B) {
	s := Server{Memory: NewMemory(MemoryOptions{})}
	body := []byte(`{"model":"m","input":[` + strings.Repeat(`{"type":"message","role":"user","content":[{"type":"input_text","text":"`+strings.Repeat("some words, ", 20)+`"}]},`, 200) +
		`{"role":"user","content":"end"}]}`)
	r := httptest.NewRequest("POST", "/v1/responses", nil)
	resp := model.Answer("up/m", "fine")
	for _, kind := range []string{"kept", "not"} {
		if kind == "not" {
			s.Memory = nil
		}
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				req, err := s.Request(r, body)
				if err != nil {
					b.Fatal(err)
				}
				if req, err = s.Recall(req); err != nil {
					b.Fatal(err)
				}
				if err := s.Answer(io.Discard, req).Finish(resp); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
