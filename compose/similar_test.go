// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

// recollecting is a Memory of exact inputs that speaks when told to.
type recollecting struct {
	mu      sync.Mutex
	speaks  bool
	known   map[string]string
	learned []string
}

func (n *recollecting) Recall(tenant, input string) Recollection {
	n.mu.Lock()
	defer n.mu.Unlock()
	answer, known := n.known[tenant+"/"+input]
	r := Recollection{Answer: answer, Speaks: n.speaks, Given: n.speaks && known}
	if known {
		r.Score = 0.9
	}
	return r
}

func (n *recollecting) Learn(tenant, input string, said Recollection, fresh string, judge bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[string]string{}
	}
	n.known[tenant+"/"+input] = fresh
	line := input + ": " + fresh
	if judge {
		line += ", judged " + said.Answer
	}
	n.learned = append(n.learned, line)
}

func inputOf(_ context.Context, req *model.Request) (string, error) {
	content, err := req.Content()
	if err != nil {
		return "", err
	}
	return model.InputText(content)
}

func alike(m model.Model, n *recollecting, audit float64, draw float64) *Reminded {
	return Similar(m, Similarity{Name: "similar/test", Memory: n, Input: inputOf, Audit: audit, Random: func() float64 { return draw }})
}

func TestSimilar(t *testing.T) {
	upstream := modeltest.Script(modeltest.Step{Response: answered("up", "fresh")})
	n := &recollecting{}
	request := func(tenant, text string) *model.Request {
		req := modeltest.Wired("test", text)
		req.Tenant = tenant
		return req
	}
	m := alike(upstream, n, 0.1, 0.5)
	for range 2 { // silent: everything is asked and judged
		if got := tell(t.Context(), m, request("a", "q")); got.resp.Model != "up" || len(got.trail.Attempts()) != 1 {
			t.Errorf("a silent memory answered: %+v", got.resp)
		}
	}
	n.speaks = true
	hit := tell(t.Context(), m, request("a", "q"))
	if hit.text != "fresh" || hit.resp.Model != "similar/test" || hit.resp.Score != 0.9 || hit.resp.Cost != 0 || !hit.trail.Cached() {
		t.Errorf("a hit is %+v on trail %+v", hit.resp, hit.trail.Attempts())
	}
	miss := tell(t.Context(), m, request("b", "q"))
	if trail := miss.trail.Attempts(); miss.resp.Model != "up" || len(trail) != 2 || !trail[0].Rejected || trail[0].Cached {
		t.Errorf("another tenant got %+v on trail %+v", miss.resp, trail)
	}
	audited := tell(t.Context(), alike(upstream, n, 0.1, 0.05), request("a", "q"))
	if audited.resp.Model != "up" || len(audited.trail.Attempts()) != 1 {
		t.Errorf("an audited request got %+v on trail %+v", audited.resp, audited.trail.Attempts())
	}
	if got, want := m.Counts(), (SimilarCounts{Given: 1, Left: 1, Asked: 2}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	want := []string{"q: fresh, judged ", "q: fresh, judged fresh", "q: fresh", "q: fresh, judged fresh"}
	if d := cmp.Diff(want, n.learned); d != "" {
		t.Errorf("learned (-want +got):\n%s", d)
	}
}

// TestSimilarLearnsOnlyWholeAnswers and takes nothing from requests that ask more than an input.
func TestSimilarLearnsOnlyWholeAnswers(t *testing.T) {
	cut, two := answered("up", "a"), answered("up", "a")
	cut.Choices[0].Finish = ""
	two.Choices = append(two.Choices, two.Choices[0])
	for name, step := range map[string]modeltest.Step{"error": {Err: down}, "cut": {Response: cut}, "two": {Response: two}} {
		n := &recollecting{}
		if tell(t.Context(), alike(modeltest.Script(step), n, 0, 0), modeltest.Wired("test", "q")); len(n.learned) != 0 {
			t.Errorf("%s: learned %q", name, n.learned)
		}
	}
	n := &recollecting{speaks: true}
	odd := Similar(modeltest.Echo("up"), Similarity{Memory: n, Input: func(context.Context, *model.Request) (string, error) {
		return "", errors.New("has no input")
	}})
	if got := tell(t.Context(), odd, modeltest.Wired("test", "q")); got.err != nil || got.resp.Model != "up" || len(n.learned) != 0 {
		t.Errorf("a request without an input got %+v, %v; learned %q", got.resp, got.err, n.learned)
	}
	n = &recollecting{speaks: true, known: map[string]string{"default/q": strings.Repeat("a", 10)}}
	spurned := errors.New("spurned")
	if _, err := alike(stuck, n, 0, 1).Generate(t.Context(), modeltest.Wired("test", "q"), func(model.Part) error { return spurned }); !errors.Is(err, spurned) {
		t.Errorf("got %v, want the error of emit", err)
	}
}
