// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"retort/dialect"
	"retort/dialect/all"
	"retort/dialect/ollama"
	"retort/dialect/openai"
	"retort/internal/scripted"
	"retort/model"
	"retort/model/modeltest"
	"retort/provider"
)

// bases is where each dialect's API begins on a server.
var bases = map[string]string{"openai": "/v1", "responses": "/v1", "gemini": "/v1beta"}

// at returns a provider at a server that speaks c's dialect.
func at(t *testing.T, c dialect.Client, h http.Handler, o provider.Options) *provider.Provider {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	o.Name, o.Dialect, o.BaseURL = "up", c, s.URL+bases[c.Name()]
	if o.Key == "" {
		o.Key = "sk-planted-in-the-test"
	}
	p, err := provider.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// script returns a server that speaks a dialect as its vendor does.
func script(t *testing.T, name string) *scripted.Server {
	t.Helper()
	s, err := scripted.New(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var spec = provider.Spec{Name: "m", Price: model.Price{Input: 1, Output: 2, Cached: 0.5}}

func TestContractInEveryDialect(t *testing.T) {
	for _, d := range all.All() {
		t.Run(d.Name, func(t *testing.T) {
			modeltest.Run(t, func(t *testing.T) model.Model {
				return at(t, d.Client, script(t, d.Name), provider.Options{}).Model(spec)
			})
		})
	}
}

// TestUsageInEveryDialect asks whole and streamed: what was used is known exactly either way.
func TestUsageInEveryDialect(t *testing.T) {
	for _, d := range all.All() {
		t.Run(d.Name, func(t *testing.T) {
			p := at(t, d.Client, script(t, d.Name), provider.Options{})
			for _, stream := range []bool{false, true} {
				trail := &model.Trail{}
				req := model.NewRequest("m", model.Prompt("hi"))
				req.Stream = stream
				resp, err := p.Model(spec).Generate(model.WithTrail(t.Context(), trail), req, model.Discard)
				if err != nil {
					t.Fatal(err)
				}
				u := resp.Usage
				if u.Input != scripted.InputTokens || u.Output != scripted.OutputTokens || d.Table[dialect.UsageCached] == dialect.Native && u.Cached != scripted.CachedTokens {
					t.Errorf("stream %v: usage %+v", stream, u)
				}
				if a := trail.Attempts(); len(a) != 1 || a[0].Usage != u || a[0].Estimated || a[0].Cost != spec.Price.Cost(u) || resp.Cost != a[0].Cost {
					t.Errorf("stream %v: attempts %+v", stream, a)
				}
				if !strings.Contains(resp.Text(), "grüß dich.") {
					t.Errorf("stream %v: said %q", stream, resp.Text())
				}
			}
		})
	}
}

// broken is an upstream that answers as h says, and how often it was asked.
type broken struct {
	h     http.HandlerFunc
	asked atomic.Int32
}

func (b *broken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.asked.Add(1)
	b.h(w, r)
}

// TestFaultsInEveryDialect lets upstreams fail in the ways that they share: the kinds of errors, the retries and the
// secrecy of the key are the same in all dialects.
func TestFaultsInEveryDialect(t *testing.T) {
	const key = "sk-planted-7f3a9c"
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			io.WriteString(w, `{"error":{"message":"no: `+key+`"},"message":"no: `+key+`"}`)
		}
	}
	for _, d := range all.All() {
		for name, tc := range map[string]struct {
			h     http.HandlerFunc
			kind  model.Kind
			tries int32
		}{
			"bad key":    {status(401), model.Unauthenticated, 1},
			"busy":       {status(429), model.RateLimited, 2},
			"failing":    {status(500), model.Unavailable, 2},
			"no model":   {status(404), model.NotFound, 1},
			"empty":      {send("", ""), model.Upstream, 2},
			"web page":   {send("text/html", "<html>hello</html>"), model.Upstream, 2},
			"other JSON": {send("application/json", `{"hello":"world"}`), model.Upstream, 2},
			"hangs up":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, model.Unavailable, 2},
		} {
			t.Run(d.Name+" "+name, func(t *testing.T) {
				up := &broken{h: tc.h}
				p := at(t, d.Client, up, provider.Options{Retries: 1, Key: key})
				resp, err := p.Model(spec).Generate(t.Context(), streamed(), model.Discard)
				var e *model.Error
				if resp != nil || !errors.As(err, &e) || e.Kind != tc.kind || e.Provider != "up" || up.asked.Load() != tc.tries {
					t.Errorf("got %v, %v (%v) after %d tries; want %v after %d", resp, err, model.KindOf(err), up.asked.Load(), tc.kind, tc.tries)
				}
				if e != nil && (strings.Contains(fmt.Sprintf("%v %+v %s", err, *e, e.Hint), key) || e.Body != nil && strings.Contains(string(e.Body.Data), key)) {
					t.Errorf("the key is in the error: %+v", e)
				}
			})
		}
	}
}

// slow passes an answer on in small pieces and then waits for the client to go.
type slow struct {
	of   http.Handler
	gone chan time.Time
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	s.of.ServeHTTP(rec, r)
	for name, v := range rec.Header() {
		w.Header()[name] = v
	}
	body := rec.Body.Bytes()
	w.Write(body[:len(body)*2/3])
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
	s.gone <- time.Now()
}

// TestClientGoesInEveryDialect holds that an upstream is let go when its client leaves, and logs how long it has worked on for nobody. A tenth of
// a second is promised, which is nothing that a test can hold on a machine that is busy with others.
func TestClientGoesInEveryDialect(t *testing.T) {
	for _, d := range all.All() {
		t.Run(d.Name, func(t *testing.T) {
			up := &slow{of: script(t, d.Name), gone: make(chan time.Time, 1)}
			p := at(t, d.Client, up, provider.Options{Retries: -1})
			var left time.Time
			ctx, cancel := context.WithCancel(t.Context())
			_, err := p.Model(spec).Generate(ctx, streamed(), func(p model.Part) error {
				if left.IsZero() && p.Kind != model.MetaPart {
					left = time.Now()
					cancel()
				}
				return nil
			})
			if model.KindOf(err) != model.Canceled {
				t.Errorf("got %v", err)
			}
			if left.IsZero() {
				t.Fatal("no part came before the client left")
			}
			select {
			case at := <-up.gone:
				t.Logf("the upstream was let go after %v", at.Sub(left))
			case <-time.After(3 * time.Minute):
				t.Error("the upstream works on for nobody")
			}
		})
	}
}

// TestCutsInEveryDialect cuts a streamed answer at every tenth byte: none of the pieces may pass for an answer, unless
// nothing is missing but what follows its end.
func TestCutsInEveryDialect(t *testing.T) {
	for _, d := range all.All() {
		t.Run(d.Name, func(t *testing.T) {
			var header http.Header
			var body []byte
			cut := 0
			p := at(t, d.Client, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if body == nil {
					rec := httptest.NewRecorder()
					script(t, d.Name).ServeHTTP(rec, r)
					header, body = rec.Header(), rec.Body.Bytes()
					cut = len(body)
				}
				for name, v := range header {
					w.Header()[name] = v
				}
				w.Write(body[:cut])
			}), provider.Options{Retries: -1, Breaker: provider.Breaker{Off: true}})
			whole, err := p.Model(spec).Generate(t.Context(), streamed(), model.Discard)
			if err != nil {
				t.Fatal(err)
			}
			for cut = len(body) - 1; cut >= 0; cut -= 10 {
				resp, err := p.Model(spec).Generate(t.Context(), streamed(), model.Discard)
				if err == nil && (resp.Text() != whole.Text() || !slices.Equal(finishes(resp), finishes(whole))) {
					t.Fatalf("cut at %d of %d: %q passes for an answer", cut, len(body), resp.Text())
				}
				if err != nil && model.KindOf(err) != model.Upstream {
					t.Fatalf("cut at %d of %d: %v", cut, len(body), err)
				}
			}
		})
	}
}

func finishes(r *model.Response) (all []model.Finish) {
	for i := range r.Choices {
		all = append(all, r.Choices[i].Finish)
	}
	return all
}

// TestCounter counts with upstreams that can and with those that cannot.
func TestCounter(t *testing.T) {
	prompt := model.NewRequest("m", model.Prompt("Where is the card that I ordered on Monday?"))
	for _, d := range all.All() {
		c, counts := d.Client.(dialect.CountClient)
		if d.Name == "bedrock" || !counts || c == nil {
			continue
		}
		p := at(t, d.Client, script(t, d.Name), provider.Options{})
		trail := &model.Trail{}
		if n, err := p.Counter(spec).Count(model.WithTrail(t.Context(), trail), prompt); err != nil || n != scripted.InputTokens {
			t.Errorf("%s: got %d, %v", d.Name, n, err)
		}
		if a := trail.Attempts(); len(a) != 1 || a[0].Cost != 0 {
			t.Errorf("%s: attempts %+v", d.Name, a)
		}
		p = at(t, d.Client, http.NotFoundHandler(), provider.Options{})
		if n, err := p.Counter(spec).Count(t.Context(), prompt); n != 0 || !errors.Is(err, model.ErrUncounted) {
			t.Errorf("%s without the question: got %d, %v", d.Name, n, err)
		}
		up := &broken{h: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }}
		p = at(t, d.Client, up, provider.Options{Retries: 1})
		if n, err := p.Counter(spec).Count(t.Context(), prompt); n != 0 || model.KindOf(err) != model.Unavailable || errors.Is(err, model.ErrUncounted) || up.asked.Load() != 2 {
			t.Errorf("%s failing: got %d, %v after %d tries", d.Name, n, err, up.asked.Load())
		}
	}
	p := at(t, openai.Client{}, http.NotFoundHandler(), provider.Options{})
	if n, err := p.Counter(spec).Count(t.Context(), prompt); n != 0 || !errors.Is(err, model.ErrUncounted) {
		t.Errorf("a dialect that cannot count: got %d, %v", n, err)
	}
}

// TestEmbedder asks for vectors, of which one upstream says the tokens and another does not.
func TestEmbedder(t *testing.T) {
	usage := `,"prompt_eval_count":7`
	up := &broken{h: func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"model":"m","embeddings":[[0.5,-1],[0,2]]`+usage+`}`)
	}}
	p := at(t, ollama.Client{}, up, provider.Options{})
	req := &model.EmbedRequest{Model: "m", Inputs: []string{"one two", "three four"}}
	trail := &model.Trail{}
	e, err := p.Embedder(spec).Embed(model.WithTrail(t.Context(), trail), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Vectors) != 2 || e.Vectors[0][1] != -1 || e.Model != "up/m" || e.Usage.Input != 7 || e.Cost != 7*model.Dollar/1e6 {
		t.Errorf("got %+v", e)
	}
	if a := trail.Attempts(); len(a) != 1 || a[0].Usage.Input != 7 || a[0].Cost != e.Cost || a[0].Estimated {
		t.Errorf("attempts %+v", a)
	}

	usage, trail = "", &model.Trail{}
	e, err = p.Embedder(spec).Embed(model.WithTrail(t.Context(), trail), req)
	if err != nil || e.Usage.Input != 4 || e.Cost != 4*model.Dollar/1e6 {
		t.Errorf("without usage: got %+v, %v", e, err)
	}
	if a := trail.Attempts(); len(a) != 1 || !a[0].Estimated || a[0].Cost != e.Cost {
		t.Errorf("without usage: attempts %+v", a)
	}

	up.h = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
	up.asked.Store(0)
	if e, err := p.Embedder(spec).Embed(t.Context(), req); e != nil || model.KindOf(err) != model.Unavailable || up.asked.Load() != 3 {
		t.Errorf("failing: got %v, %v after %d tries", e, err, up.asked.Load())
	}
	p = at(t, all.All()[1].Client, up, provider.Options{}) // the Responses API has no vectors
	if e, err := p.Embedder(spec).Embed(t.Context(), req); e != nil || model.KindOf(err) != model.Invalid {
		t.Errorf("a dialect without: got %v, %v", e, err)
	}
}

// failing is a Signer that cannot sign.
type failing struct{ err error }

func (s failing) Sign(*http.Request) error { return s.err }

// bodySigner signs with what it reads of the body.
type bodySigner struct{}

func (bodySigner) Sign(r *http.Request) error {
	body, err := r.GetBody()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(body)
	r.Header.Set("Authorization", fmt.Sprintf("Sum %d-of-the-body", len(text)))
	return err
}

func TestSigner(t *testing.T) {
	var seen, echoed string
	up := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen, echoed = r.Header.Get("Authorization"), fmt.Sprintf("Sum %d-of-the-body", len(body))
		w.WriteHeader(403)
		fmt.Fprintf(w, `{"error":{"message":"no entry for %s"}}`, seen)
	})
	m := at(t, openai.Client{}, up, provider.Options{Signer: bodySigner{}, Retries: -1}).Model(spec)
	_, err := m.Generate(t.Context(), streamed(), model.Discard)
	if seen != echoed || seen == "" {
		t.Errorf("signed %q, want %q", seen, echoed)
	}
	if model.KindOf(err) != model.Forbidden || strings.Contains(err.Error(), "of-the-body") {
		t.Errorf("got %v", err)
	}
	no := &model.Error{Kind: model.Unauthenticated, Op: "get access token", Err: errors.New("no")}
	m = at(t, openai.Client{}, up, provider.Options{Signer: failing{no}}).Model(spec)
	trail := &model.Trail{}
	_, err = m.Generate(model.WithTrail(t.Context(), trail), streamed(), model.Discard)
	if model.KindOf(err) != model.Unauthenticated || !strings.HasPrefix(err.Error(), "up: get access token: ") || len(trail.Attempts()) != 1 {
		t.Errorf("got %v, trail %+v", err, trail.Attempts())
	}
}
