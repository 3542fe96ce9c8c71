// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

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
	b.WriteString(`{"model":"m","max_tokens":1000,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		text := strings.Repeat("some words of a long conversation ", min(20, max(1, size/100)))
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, `{"role":"user","content":"%s\n"}`, text)
		case 1:
			fmt.Fprintf(&b, `{"role":"assistant","content":[{"type":"text","text":"%s."},{"type":"tool_use","id":"toolu_%d","name":"f","input":{"a":"b"}}]}`, text, i)
		default:
			fmt.Fprintf(&b, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":"%s"}]}`, i-1, text)
		}
	}
	b.WriteString(`],"stream":true}`)
	return []byte(b.String())
}

func BenchmarkRequest(b *testing.B) {
	for _, size := range []int{1 << 10, 60 << 10} {
		body := conversation(size)
		r := httptest.NewRequest(http.MethodPost, "/v1/messages", nil)
		b.Run(fmt.Sprintf("scan/%d", size), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Server{}).Request(r, body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("decode/%d", size), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("encode/%d", size), func(b *testing.B) {
			content, err := decode(body)
			if err != nil {
				b.Fatal(err)
			}
			content.Dialect = "other"
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := (Client{}).encode("claude-opus-4-8", true, content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkStream(b *testing.B) {
	var s strings.Builder
	head, tail, _ := strings.Cut(thinkingStream, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}")
	s.WriteString(head)
	const deltas = 500
	for i := range deltas {
		fmt.Fprintf(&s, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"text_delta\",\"text\":\" word%d\"}}\n\n", i)
	}
	s.WriteString("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}" + tail)
	body := s.String()
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = true
	read := func(b *testing.B, emit func(model.Part) error) *model.Response {
		r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
		resp, err := Client{}.Response(r, req, 1<<20, emit)
		if err != nil {
			b.Fatal(err)
		}
		return resp
	}
	for _, name := range []string{"read", "pass", "write"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				a := Server{}.Answer(&out, req)
				resp := read(b, func(p model.Part) error {
					switch name {
					case "read":
						return nil
					case "write":
						p.Event = model.Event{}
					}
					return a.Part(p)
				})
				if err := a.Finish(resp); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/deltas, "ns/event")
		})
	}
}
