// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/model"
	"retort/model/modeltest"
)

// cases are so many inputs of which the Echo model gets all right but each fourth.
func cases(n int) []Case {
	out := make([]Case, n)
	for i := range out {
		out[i].Input = fmt.Sprintf("input %d", i)
		out[i].Gold = out[i].Input
		if i%4 == 3 {
			out[i].Gold = "something else"
		}
	}
	return out
}

func TestRun(t *testing.T) {
	var seen []Progress
	r, err := Run(context.Background(), modeltest.Echo("echo-1"), cases(40), RunOptions{Name: "echo",
		Progress: func(p Progress) { seen = append(seen, p) }})
	if err != nil {
		t.Fatal(err)
	}
	want := &Report{Model: "echo", Items: 40, Answered: 40,
		Errors: map[string]int{}, AnsweredBy: map[string]int{"echo-1": 40},
		Usage: model.Usage{Input: 80, Output: 80}, Cost: 160 * model.Dollar / 1e6, Spent: 160 * model.Dollar / 1e6}
	ignore := cmpopts.IgnoreFields(Report{}, "Latency", "Seconds", "Metrics", "Outcomes")
	if diff := cmp.Diff(want, r, ignore); diff != "" {
		t.Error(diff)
	}
	if r.Metrics.Accuracy.Value != 0.75 || r.Latency.P50 <= 0 || r.Latency.P99 < r.Latency.P50 {
		t.Errorf("accuracy %v, latency %+v", r.Metrics.Accuracy, r.Latency)
	}
	for i, o := range r.Outcomes {
		if o.Predicted != fmt.Sprintf("input %d", i) {
			t.Errorf("outcome %d is that of %q", i, o.Predicted)
		}
	}
	if len(seen) != 40 || seen[39].Done != 40 || seen[39].Total != 40 || seen[39].Spent != r.Spent {
		t.Errorf("%d calls of progress, the last %+v", len(seen), seen[len(seen)-1])
	}
}

func TestRunAsksConcurrently(t *testing.T) {
	const most = 5
	var mu sync.Mutex
	under, peak := 0, 0
	full := make(chan struct{})
	echo := modeltest.Echo("echo")
	m := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		mu.Lock()
		under++
		if peak = max(peak, under); under == most {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		mu.Unlock()
		<-full // the first calls wait until as many are under way as may be
		resp, err := echo.Generate(ctx, req, emit)
		mu.Lock()
		under--
		mu.Unlock()
		return resp, err
	})
	if _, err := Run(context.Background(), m, cases(50), RunOptions{Concurrency: most}); err != nil {
		t.Fatal(err)
	}
	if peak != most {
		t.Errorf("%d were under way at once, want %d", peak, most)
	}
}

func TestRunCountsErrors(t *testing.T) {
	fails := []error{
		nil, &model.Error{Kind: model.RateLimited, Err: errors.New("slow down")}, nil,
		&model.Error{Kind: model.Unavailable}, errors.New("bug"), &model.Error{Kind: model.RateLimited},
	}
	flaky := modeltest.Flaky(modeltest.Echo("echo"), func(call int) error { return fails[(call-1)%len(fails)] })
	parse := func(r *model.Response) (string, bool) { return r.Text(), r.Text() != "input 7" }
	all := append(cases(12), Case{Input: "input 7", Gold: "input 7"})
	r, err := Run(context.Background(), flaky, all, RunOptions{Concurrency: 1, Parse: parse})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"rate_limited": 4, "unavailable": 2, "internal": 2, "unusable_answer": 1}
	if diff := cmp.Diff(want, r.Errors); diff != "" {
		t.Error(diff)
	}
	if r.Answered != 4 || r.Metrics.Unanswered != 9 || r.Message != "slow down" {
		t.Errorf("answered %d, unanswered %d, message %q", r.Answered, r.Metrics.Unanswered, r.Message)
	}
}

func TestRunStopsWhereAllWouldFail(t *testing.T) {
	for _, kind := range []model.Kind{model.Unauthenticated, model.Forbidden, model.NotFound, model.Exhausted} {
		m := modeltest.Script(modeltest.Step{Err: &model.Error{Kind: kind, Err: errors.New("no")}})
		_, err := Run(context.Background(), m, cases(100), RunOptions{Name: "smart", Concurrency: 2})
		if err == nil || !strings.Contains(err.Error(), `"smart": stopped after`) || !strings.Contains(err.Error(), kind.String()) {
			t.Errorf("%v: error %v", kind, err)
		}
		if m.Calls() > 4 {
			t.Errorf("%v: asked %d times", kind, m.Calls())
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "run.jsonl")
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Run(ctx, modeltest.Echo("echo"), cases(50), RunOptions{Journal: journal, Concurrency: 2, Progress: func(p Progress) {
		if p.Done == 20 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	asked := &counter{Model: modeltest.Echo("echo")}
	r, err := Run(context.Background(), asked, cases(50), RunOptions{Journal: journal})
	if err != nil {
		t.Fatal(err)
	}
	if r.Resumed < 20 || r.Resumed+asked.calls != 50 || len(r.Errors) != 0 {
		t.Errorf("%d resumed, %d asked, errors %v", r.Resumed, asked.calls, r.Errors)
	}
}

// counter counts the calls of a model.
type counter struct {
	model.Model
	mu    sync.Mutex
	calls int
}

func (c *counter) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	c.mu.Lock()
	c.calls++
	c.mu.Unlock()
	return c.Model.Generate(ctx, req, emit)
}

func TestRunRefusesBadInput(t *testing.T) {
	dir := t.TempDir()
	notes := filepath.Join(dir, "notes.txt")
	other := filepath.Join(dir, "other.json")
	for path, text := range map[string]string{notes: "shopping list\n", other: `{"a":1}` + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wrong := func(Case) *model.Request { return &model.Request{} }
	tests := []struct {
		name  string
		cases []Case
		opt   RunOptions
		want  string
	}{
		{"nothing", nil, RunOptions{}, "there are no cases"},
		{"no gold", []Case{{"a", "b"}, {"a", ""}}, RunOptions{}, "case 1: gold is empty"},
		{"measure options", cases(2), RunOptions{Measure: MeasureOptions{Confidence: 2}}, "confidence is 2"},
		{"request without content", cases(2), RunOptions{Request: wrong}, "case 0: read its request"},
		{"not a journal", cases(2), RunOptions{Journal: notes}, "line 1"},
		{"not our JSON", cases(2), RunOptions{Journal: other}, "line 1 has no key"},
		{"journal is a folder", cases(2), RunOptions{Journal: dir}, "journal"},
		{"no such folder", cases(2), RunOptions{Journal: filepath.Join(dir, "a", "b")}, "open journal"},
	}
	for _, c := range tests {
		m := modeltest.Script(modeltest.Step{Response: model.Answer("m", "a")})
		if _, err := Run(context.Background(), m, c.cases, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
		if m.Calls() > 0 {
			t.Errorf("%s: the model was asked %d times", c.name, m.Calls())
		}
	}
}

// TestJournalSurvivesACutAnywhere cuts a journal as kills do, near each line's end and at many places between: what was
// whole is kept and the rest asked again, with the same figures in the end.
func TestJournalSurvivesACutAnywhere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whole.jsonl")
	// The third and fourth are alike: each is asked.
	all := append(cases(3), cases(3)[2], Case{Input: "", Gold: "x"})
	whole, err := Run(context.Background(), modeltest.Echo("echo"), all, RunOptions{Journal: path, Concurrency: 1})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(data); cut++ {
		if near := data[max(0, cut-2):min(len(data), cut+1)]; cut%17 != 0 && !bytes.Contains(near, []byte("\n")) {
			continue
		}
		path := filepath.Join(dir, "cut.jsonl")
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		asked := &counter{Model: modeltest.Echo("echo")}
		r, err := Run(context.Background(), asked, all, RunOptions{Journal: path, Concurrency: 1, Measure: MeasureOptions{Resamples: 2}})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if kept := bytes.Count(data[:cut], []byte("\n")); r.Resumed != kept || asked.calls != len(all)-kept {
			t.Fatalf("cut at %d: %d resumed and %d asked, want %d resumed", cut, r.Resumed, asked.calls, kept)
		}
		if r.Usage != whole.Usage || r.Cost != whole.Cost || r.Metrics.Right != whole.Metrics.Right || r.Spent > whole.Spent {
			t.Fatalf("cut at %d: %+v, want the figures of %+v", cut, r, whole)
		}
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Count(after, []byte("\n")); got != len(all) {
			t.Fatalf("cut at %d: the journal has %d lines afterwards, want %d", cut, got, len(all))
		}
	}
}

func TestJournalKeepsWhatIsSettled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	failing := modeltest.Flaky(modeltest.Echo("echo"), func(call int) error {
		switch call {
		case 1:
			return &model.Error{Kind: model.Unavailable}
		case 2:
			return &model.Error{Kind: model.TooLong}
		}
		return nil
	})
	opt := RunOptions{Name: "a", Journal: path, Concurrency: 1}
	if _, err := Run(context.Background(), failing, cases(4), opt); err != nil {
		t.Fatal(err)
	}
	again := func(name string, request func(Case) *model.Request) int {
		asked := &counter{Model: modeltest.Echo("echo")}
		opt.Name, opt.Request = name, request
		if _, err := Run(context.Background(), asked, cases(4), opt); err != nil {
			t.Fatal(err)
		}
		return asked.calls
	}
	if n := again("a", nil); n != 1 {
		t.Errorf("asked %d again, want only the one that was unavailable", n)
	}
	if n := again("a", nil); n != 0 {
		t.Errorf("asked %d a third time", n)
	}
	if n := again("b", nil); n != 4 {
		t.Errorf("asked %d of another model, want all", n)
	}
	reworded := func(c Case) *model.Request { return model.NewRequest("a", model.Prompt("Please: "+c.Input)) }
	if n := again("a", reworded); n != 4 {
		t.Errorf("asked %d with another request, want all", n)
	}
}
