// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"retort/dialect/openai"
	"retort/model"
	"retort/provider"
)

// gateway answers clients in the openai dialect with m.
func gateway(m model.Model) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := openai.Server{}.Request(r, body)
		if err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		a := openai.Server{}.Answer(w, req)
		w.Header().Set("Content-Type", a.ContentType())
		resp, err := m.Generate(r.Context(), req, a.Part)
		if err != nil {
			a.Fail(err)
			return
		}
		a.Finish(resp)
	})
}

func post(t *testing.T, h http.Handler, body string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/v1/chat/completions", strings.NewReader(body)))
	return w.Body.String()
}

func TestAnswersPassUnchanged(t *testing.T) {
	events := streamOf(answerText, true)
	whole := `{"id":"chatcmpl-7","choices":[{"index":0,"message":{"role":"assistant","content":"hi","own":[1.0]},"finish_reason":"stop"}], "own" : null}`
	upstream := func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !bytes.Contains(body, []byte(`"stream":true`)) {
			io.WriteString(w, whole)
			return
		}
		io.WriteString(w, "data: "+strings.Join(events, "\n\ndata: ")+"\n\n")
	}
	m, _ := newModel(t, http.HandlerFunc(upstream), provider.Options{})
	h := gateway(m)
	if got := post(t, h, `{"model":"fast","messages":[]}`); got != whole {
		t.Errorf("a whole answer became %s", got)
	}
	all := "data: " + strings.Join(events, "\n\ndata: ") + "\n\n"
	if got := post(t, h, `{"model":"fast","stream":true,"stream_options":{"include_usage":true}}`); got != all {
		t.Errorf("a stream became %s", got)
	}
	noUsage := "data: " + strings.Join(append(events[:len(events)-2:len(events)-2], "[DONE]"), "\n\ndata: ") + "\n\n"
	if got := post(t, h, `{"model":"fast","stream":true}`); got != noUsage {
		t.Errorf("a stream without usage became %s", got)
	}
}

func TestUsageAndCostAreKnown(t *testing.T) {
	up := &vendor{}
	m, _ := newModel(t, up, provider.Options{})
	for _, body := range []string{`{"model":"fast","messages":[]}`, `{"model":"fast","messages":[],"stream":true}`} {
		trail := &model.Trail{}
		parts := 0
		resp, err := m.Generate(model.WithTrail(t.Context(), trail), wired(t, body), func(p model.Part) error {
			if parts++; p.Model != "up/m" {
				t.Errorf("part of %q", p.Model)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := model.Usage{Input: 20, Cached: 8, Output: 12}
		const cost = 12*1e6 + 8*5e5 + 12*2e6 // 20 tokens in, 8 of them cached, and 12 out at 1, 0.5 and 2 dollars a million
		a := trail.Attempts()
		if resp.Usage != want || resp.Cost != cost || resp.Model != "up/m" || resp.Text() != answerText || len(a) != 1 || a[0].Usage != want || a[0].Cost != cost || a[0].First <= 0 {
			t.Errorf("%s: %+v, trail %+v", body, resp, a)
		}
	}
	if sent := up.sent(); sent[0] != `{"model":"m","messages":[]}` || sent[1] != `{"stream_options":{"include_usage":true},"model":"m","messages":[],"stream":true}` {
		t.Errorf("the upstream was asked %s", sent)
	}
}

// TestConnectionsAreUsedAgain counts the connections that many answers take, one after the other and at once.
func TestConnectionsAreUsedAgain(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(&vendor{})
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	p, err := provider.New(provider.Options{Name: "up", Dialect: openai.Client{}, BaseURL: s.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	m := p.Model(provider.Spec{Name: "m"})
	for i := range 40 {
		req := streamed()
		req.Stream = i%2 == 0
		if _, err := m.Generate(t.Context(), req, model.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if n := opened.Load(); n > 2 {
		t.Errorf("%d connections for 40 answers one after the other", n)
	}
	for range 4 {
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				if _, err := m.Generate(t.Context(), streamed(), model.Discard); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if n := opened.Load(); n > 80 {
		t.Errorf("%d connections for four times 32 answers", n)
	}
}

// TestBodyIsGivenBack lets upstreams answer before they have read the request, and overwrites its body as soon as
// Generate has returned: the race detector sees it if the transport still reads.
func TestBodyIsGivenBack(t *testing.T) {
	early := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, `{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`)
	})
	m, _ := newModel(t, early, provider.Options{Retries: -1, Breaker: provider.Breaker{Off: true}})
	for range 8 {
		body := fmt.Appendf(nil, `{"model":"fast","messages":[{"role":"user","content":%q}]}`, strings.Repeat("x", 1<<20))
		req := wired(t, string(body))
		m.Generate(t.Context(), req, model.Discard) // may fail: the upstream does not listen
		clear(req.Wire.Body)
	}
}

func TestSDKThroughTheGateway(t *testing.T) {
	m, _ := newModel(t, &vendor{}, provider.Options{})
	s := httptest.NewServer(gateway(m))
	defer s.Close()
	client := sdk.NewClient(option.WithBaseURL(s.URL+"/v1"), option.WithAPIKey("k"), option.WithMaxRetries(0))
	params := sdk.ChatCompletionNewParams{Model: "fast", Messages: []sdk.ChatCompletionMessageParamUnion{sdk.UserMessage("Where is it?")}}
	whole, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil || whole.Choices[0].Message.Content != answerText || whole.Usage.PromptTokens != 20 {
		t.Errorf("got %v, %v", whole, err)
	}
	for _, usage := range []bool{false, true} {
		params.StreamOptions.IncludeUsage = sdk.Bool(usage)
		stream := client.Chat.Completions.NewStreaming(t.Context(), params)
		var acc sdk.ChatCompletionAccumulator
		for stream.Next() {
			acc.AddChunk(stream.Current())
		}
		if err := stream.Err(); err != nil || acc.Choices[0].Message.Content != answerText || (acc.Usage.PromptTokens == 20) != usage {
			t.Errorf("usage %v: %s, %v", usage, acc.Choices[0].Message.Content, err)
		}
	}
}
