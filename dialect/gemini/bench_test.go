// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/model"
)

// conversation is a request of about size bytes.
func conversation(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[`)
	text := strings.Repeat("some words of a long conversation ", min(20, max(1, size/100)))
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, `{"role":"user","parts":[{"text":"%s\n"}]}`, text)
		case 1:
			fmt.Fprintf(&b, `{"role":"model","parts":[{"text":"%s."},{"functionCall":{"id":"c%d","name":"f","args":{"a":"b"}}}]}`, text, i)
		default:
			fmt.Fprintf(&b, `{"role":"user","parts":[{"functionResponse":{"id":"c%d","name":"f","response":{"output":"%s"}}}]}`, i-1, text)
		}
	}
	b.WriteString(`],"generationConfig":{"maxOutputTokens":1000}}`)
	return []byte(b.String())
}

func BenchmarkRequest(b *testing.B) {
	for _, size := range []int{1 << 10, 60 << 10} {
		body := conversation(size)
		r := httptest.NewRequest(http.MethodPost, "/v1beta/models/m:generateContent", nil)
		run := func(name string, f func() error) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("scan", func() error {
			_, err := Server{}.Request(r, body)
			return err
		})
		run("decode", func() error {
			_, err := decode(body)
			return err
		})
		content, err := decode(body)
		if err != nil {
			b.Fatal(err)
		}
		content.Dialect = "other"
		run("encode", func() error {
			_, _, err := Client{}.encode("gemini-3-pro", content)
			return err
		})
	}
}

// BenchmarkStream reads and writes 200 events, per event.
func BenchmarkStream(b *testing.B) {
	var chunks []string
	for i := range 200 {
		chunks = append(chunks, fmt.Sprintf(`{"candidates": [{"content": {"parts": [{"text": "word%d and"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": %d,"totalTokenCount": %d},"modelVersion": "gemini-3-pro","responseId": "r1"}`, i, i, i+9))
	}
	chunks = append(chunks, recorded[5])
	body := []byte(events(chunks...))
	req := model.NewRequest("m", model.Prompt("q"))
	req.Stream = true
	read := func(b *testing.B, emit func(model.Part) error) *model.Response {
		r := &http.Response{Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1}
		resp, err := Client{}.Response(r, req, 1<<20, emit)
		if err != nil {
			b.Fatal(err)
		}
		return resp
	}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read(b, func(model.Part) error { return nil })
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(chunks)), "ns/event")
	})
	b.Run("write", func(b *testing.B) {
		var parts []model.Part
		resp := read(b, func(p model.Part) error {
			p.Event = model.Event{}
			parts = append(parts, p)
			return nil
		})
		b.ReportAllocs()
		for b.Loop() {
			a := Server{}.Answer(io.Discard, req)
			for i := range parts {
				a.Part(parts[i])
			}
			a.Finish(resp)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(chunks)), "ns/event")
	})
}
