// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

func TestWholeAnswer(t *testing.T) {
	r := newRig(t, echoing(), Options{})
	resp, body := r.chat(`{"model":"echo","text":"where is my card"}`)
	if resp.StatusCode != 200 || body != "where is my card end" || resp.ContentLength != int64(len(body)) {
		t.Errorf("got %d %q with length %d", resp.StatusCode, body, resp.ContentLength)
	}
	for name, want := range map[string]string{"Retort-Model": "up/echo", "Retort-Cost": "0.000008", "Content-Type": "text/plain",
		"Retort-Dropped": "", "Retort-Cache": ""} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if id := resp.Header.Get("Retort-Trace"); len(id) != 36 || id[14] != '7' {
		t.Errorf("Retort-Trace is %q, want a UUID of version 7", id)
	}
}

func TestRequestReachesTheModelWhole(t *testing.T) {
	var got *model.Request
	m := model.Func(func(ctx context.Context, req *model.Request, _ func(model.Part) error) (*model.Response, error) {
		got = req.WithModel(req.Model)
		model.TrailOf(ctx).Drop("logit_bias")
		model.TrailOf(ctx).Drop("seed")
		model.TrailOf(ctx).Add(model.Attempt{Model: "m", Cached: true})
		return model.Answer("m", "hi"), nil
	})
	r := newRig(t, map[string]model.Model{"m": m}, Options{})
	r.SetKeys([]Key{keyFor("s3cret")})
	resp, _ := r.chat(`{"model":"m","text":"x"}`, "Authorization: Bearer s3cret", "Retort-Strict: true")
	if got == nil || got.Tenant != "acme" || got.Key != "key_s3cret" || !got.Strict || got.Trace != resp.Header.Get("Retort-Trace") {
		t.Errorf("the model was asked %+v", got)
	}
	if resp.Header.Get("Retort-Dropped") != "logit_bias, seed" || resp.Header.Get("Retort-Cache") != "hit" {
		t.Errorf("headers %v; want what was dropped and the cache's hit", resp.Header)
	}
}

func TestStreamGoesOutAsItComes(t *testing.T) {
	next := make(chan string)
	m := model.Func(func(ctx context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		for text := range next {
			word, more := strings.CutSuffix(text, "+")
			if err := emit(model.Part{Kind: model.TextPart, Text: word, Model: "up/m", More: more}); err != nil {
				return nil, err
			}
		}
		model.TrailOf(ctx).Add(model.Attempt{Model: "up/m", Cost: 3e6})
		return model.Answer("up/m", ""), nil
	})
	r := newRig(t, map[string]model.Model{"m": m}, Options{})
	go func() { next <- "one" }()
	resp, err := http.Post(r.http.URL+"/v1/chat/completions", "", strings.NewReader(`{"model":"m","stream":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	read := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("read %q, want %q", lines.Text(), want)
		}
	}
	read("one") // each line is here before the model says the next, or this test hangs
	next <- "two"
	read("two")
	next <- "three+"
	next <- "four"
	read("three")
	read("four")
	close(next)
	read("end")
	_, _ = io.ReadAll(resp.Body)
	if resp.Header.Get("Retort-Model") != "up/m" || resp.Trailer.Get("Retort-Cost") != "0.000003" || resp.Header.Get("Retort-Trace") == "" {
		t.Errorf("headers %v, trailers %v", resp.Header, resp.Trailer)
	}
}

func TestBurstArrivesWhole(t *testing.T) {
	text := strings.Repeat("0123456789", 500)
	m := model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		for i := range 40 {
			if err := emit(model.Part{Kind: model.TextPart, Text: fmt.Sprint(i, text), More: true}); err != nil {
				return nil, err
			}
		}
		return model.Answer("m", ""), nil
	})
	r := newRig(t, map[string]model.Model{"m": m}, Options{})
	_, body := r.chat(`{"model":"m","stream":true}`)
	var want strings.Builder
	for i := range 40 {
		fmt.Fprintln(&want, fmt.Sprint(i, text))
	}
	want.WriteString("end")
	if body != want.String() {
		t.Errorf("got %d bytes, want %d", len(body), want.Len())
	}
}

func TestStreamWithoutParts(t *testing.T) {
	m := model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
		return model.Answer("up/m", ""), nil
	})
	r := newRig(t, map[string]model.Model{"m": m}, Options{})
	if resp, body := r.chat(`{"model":"m","stream":true}`); resp.StatusCode != 200 || body != "end" || resp.Header.Get("Retort-Model") != "up/m" {
		t.Errorf("got %d %q %v", resp.StatusCode, body, resp.Header)
	}
}

func TestFailures(t *testing.T) {
	secretive := errors.New("disk /var/lib at 10.0.0.7 is broken")
	cases := map[string]struct {
		err    error
		status int
		says   string
		after  string
		logged bool
	}{
		"limited":   {&model.Error{Kind: model.RateLimited, RetryAfter: 1500 * time.Millisecond, Err: errors.New("slow down")}, 429, "slow down", "2", false},
		"invalid":   {&model.Error{Kind: model.Invalid, Field: "tools[1]"}, 400, "tools[1]", "", false},
		"upstream":  {&model.Error{Kind: model.Upstream, Provider: "acme", Err: errors.New("it sent HTML")}, 502, "it sent HTML", "", true},
		"wrong key": {&model.Error{Kind: model.Unauthenticated, Provider: "acme", Err: errors.New("its key is wrong")}, 502, "refuses the gateway's own credentials", "", true},
		"no such":   {&model.Error{Kind: model.NotFound, Err: errors.New("no such file")}, 404, "no such", "", false},
		"timeout":   {context.DeadlineExceeded, 504, "deadline", "", true},
		"internal":  {&model.Error{Kind: model.Internal, Err: secretive}, 500, "its log says what", "", true},
		"untyped":   {secretive, 500, "its log says what", "", true},
		"wrapped":   {fmt.Errorf("record trace: %w", &model.Error{Kind: model.Unavailable, Err: errors.New("disk full")}), 503, "disk full", "", true},
		"exhausted": {&model.Error{Kind: model.Exhausted}, 429, "quota", "", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fail := modeltest.Script(modeltest.Step{Err: c.err, Response: model.Answer("m", "one two"), After: 0})
			late := modeltest.Script(modeltest.Step{Err: c.err, Response: model.Answer("m", "one two"), After: 1})
			r := newRig(t, map[string]model.Model{"m": fail, "late": late}, Options{})
			for _, ask := range []string{`{"model":"m"}`, `{"model":"m","stream":true}`, `{"model":"late"}`} {
				resp, body := r.chat(ask)
				if resp.StatusCode != c.status || !strings.HasPrefix(body, "error: ") || !strings.Contains(body, c.says) || resp.Header.Get("Retry-After") != c.after {
					t.Errorf("%s: %d %q, Retry-After %q", ask, resp.StatusCode, body, resp.Header.Get("Retry-After"))
				}
				if strings.Contains(body, "10.0.0.7") || resp.Header.Get("Retort-Trace") == "" {
					t.Errorf("%s: %q shows what is inside, or has no trace: %v", ask, body, resp.Header)
				}
			}
			resp, body := r.chat(`{"model":"late","stream":true}`)
			if resp.StatusCode != 200 || !strings.HasPrefix(body, "one \ncut: ") || !strings.Contains(body, c.says) || strings.Contains(body, "10.0.0.7") {
				t.Errorf("in mid-stream: %d %q", resp.StatusCode, body)
			}
			if got := strings.Contains(r.log.String(), "request failed"); got != c.logged {
				t.Errorf("logged: %v, want %v: %s", got, c.logged, r.log)
			} else if got && !strings.Contains(r.log.String(), "model=late ") {
				t.Errorf("logged without the model's name: %s", r.log)
			}
		})
	}
}

func TestClientLeaves(t *testing.T) {
	for _, stream := range []bool{false, true} {
		begun, ended := make(chan struct{}), make(chan error)
		m := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			if req.Stream {
				if err := emit(model.Part{Kind: model.TextPart, Text: "hi"}); err != nil {
					return nil, err
				}
			}
			close(begun)
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		})
		r := newRig(t, map[string]model.Model{"m": m}, Options{})
		ctx, cancel := context.WithCancel(context.Background())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.http.URL+"/v1/chat/completions",
			strings.NewReader(fmt.Sprintf(`{"model":"m","stream":%v}`, stream)))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}()
		<-begun
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the model's context ended with %v", err)
			}
		case <-time.After(3 * time.Minute):
			t.Fatal("the model was not told that its client had left")
		}
	}
}

func TestDeadClientIsGivenUp(t *testing.T) {
	result := make(chan error, 1)
	m := model.Func(func(ctx context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		block := strings.Repeat("x", 1<<20)
		for {
			if err := emit(model.Part{Kind: model.TextPart, Text: block}); err != nil {
				result <- err
				return nil, err
			}
		}
	})
	r := newRig(t, map[string]model.Model{"m": m}, Options{StallTimeout: 50 * time.Millisecond})
	resp, err := http.Post(r.http.URL+"/v1/chat/completions", "", strings.NewReader(`{"model":"m","stream":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	select { // the client reads nothing
	case err := <-result:
		if model.KindOf(err) != model.Canceled {
			t.Errorf("emit failed with %v, want kind canceled", err)
		}
	case <-time.After(3 * time.Minute):
		t.Fatal("a client that reads nothing holds the model for ever")
	}
}

func TestPanics(t *testing.T) {
	m := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if req.Stream {
			_ = emit(model.Part{Kind: model.TextPart, Text: "one"})
		}
		panic("oh")
	})
	r := newRig(t, map[string]model.Model{"m": m, "echo": modeltest.Echo("echo")}, Options{})
	if resp, body := r.chat(`{"model":"m"}`); resp.StatusCode != 500 || strings.Contains(body, "oh") {
		t.Errorf("got %d %q", resp.StatusCode, body)
	}
	resp, err := http.Post(r.http.URL+"/v1/chat/completions", "", strings.NewReader(`{"model":"m","stream":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("a stream that a panic cut off ended like a whole one: %q", body)
	}
	if log := r.log.String(); strings.Count(log, "handler panicked") != 2 || !strings.Contains(log, "answer_test.go") {
		t.Errorf("the log does not say where: %s", log)
	}
	if _, body := r.chat(`{"model":"echo","text":"alive"}`); body != "alive end" {
		t.Errorf("after the panics: %q", body)
	}
}

func TestBodiesAreNotMixedUp(t *testing.T) {
	r := newRig(t, echoing(), Options{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 25 {
				text := strings.Repeat(fmt.Sprint(i, ".", j, " "), 1+(i*j*37)%900)
				stream := (i+j)%2 == 0
				_, body := r.chat(fmt.Sprintf(`{"model":"echo","stream":%v,"text":%q}`, stream, text))
				if got := strings.ReplaceAll(strings.TrimSuffix(body, "end"), "\n", ""); strings.TrimSpace(got) != strings.TrimSpace(text) {
					t.Errorf("%d.%d: asked %d bytes, got others: %.60q", i, j, len(text), body)
				}
			}
		})
	}
	wg.Wait()
}
