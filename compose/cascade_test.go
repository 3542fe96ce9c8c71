// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

func TestCascadeKeepsTheCheapAnswerBackUntilAccepted(t *testing.T) {
	emitted := 0
	accept := func(score float64) bool {
		if emitted != 0 {
			t.Errorf("%d parts were emitted before the answer was accepted", emitted)
		}
		return score >= 0.9
	}
	answer := model.Answer("student", "card_arrival indeed")
	for _, score := range []float64{0.95, 0.5} {
		emitted = 0
		answer.Score = score
		trail := &model.Trail{}
		ctx := model.WithTrail(context.Background(), trail)
		m := cascade(modeltest.Script(modeltest.Step{Response: answer}), modeltest.Echo("teacher"), accept)
		var text string
		resp, err := m.Generate(ctx, modeltest.Wired("test", "where is it"), func(p model.Part) error {
			emitted++
			text += p.Text
			return nil
		})
		if err != nil || text != resp.Text() {
			t.Fatalf("emitted %q, returned %v, %v", text, resp, err)
		}
		attempts := trail.Attempts()
		if score >= 0.9 {
			if resp.Model != "student" || len(attempts) != 1 || attempts[0].Rejected {
				t.Errorf("got %q by %s after %+v; want the student's answer", text, resp.Model, attempts)
			}
		} else if resp.Model != "teacher" || len(attempts) != 2 || !attempts[0].Rejected || attempts[1].Rejected {
			t.Errorf("got %q by %s after %+v; want the teacher's answer after a rejected one", text, resp.Model, attempts)
		}
	}
}

func TestCascadeReturnsTheStrongModelsError(t *testing.T) {
	for name, cheap := range map[string]model.Model{"rejected": modeltest.Echo("cheap"), "failed": failing(model.Unusable)} {
		t.Run(name, func(t *testing.T) {
			emitted := 0
			_, err := cascade(cheap, alwaysDown(), unsure).Generate(context.Background(), modeltest.Wired("test", "hi"),
				func(model.Part) error { emitted++; return nil })
			if !errors.Is(err, down) || emitted != 0 {
				t.Errorf("got %v and %d parts; want the strong model's error and none", err, emitted)
			}
		})
	}
}

// verdict is a verifier that asks a judge and then says a score.
func verdict(score float64, err error) Verifier {
	return VerifierFunc(func(ctx context.Context, req *model.Request, _ *model.Response) (float64, error) {
		if _, err := modeltest.Echo("judge").Generate(ctx, req, model.Discard); err != nil {
			return 0, err
		}
		return score, err
	})
}

func TestCascadeSaysWhatVerifiersFound(t *testing.T) {
	cases := map[string]struct {
		verify   Verifier
		by       string
		score    float64
		rejected bool
		counts   CascadeCounts
	}{
		"good":         {verdict(0.8, nil), "cheap", 0.8, false, CascadeCounts{Accepted: 1}},
		"bad":          {verdict(0.2, nil), "strong", 0.2, true, CascadeCounts{Rejected: 1}},
		"no verdict":   {verdict(1, errors.New("no idea")), "strong", 0, true, CascadeCounts{Unjudged: 1}},
		"not a number": {verdict(math.NaN(), nil), "strong", 0, true, CascadeCounts{Unjudged: 1}},
		"out of range": {verdict(2, nil), "strong", 0, true, CascadeCounts{Unjudged: 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := cascade(modeltest.Echo("cheap"), modeltest.Echo("strong"), AtLeast(0.5))
			m.Verify = c.verify
			trail := &model.Trail{}
			resp, err := m.Generate(model.WithTrail(t.Context(), trail), modeltest.Wired("test", "hi"), model.Discard)
			if err != nil || resp.Model != c.by {
				t.Fatalf("got %v, %v; want an answer by %s", resp, err, c.by)
			}
			attempts := trail.Attempts()
			if a := attempts[0]; a.Model != "cheap" || a.Score != c.score || a.Rejected != c.rejected || a.Judging {
				t.Errorf("the cheap attempt is %+v", a)
			}
			if a := attempts[1]; a.Model != "judge" || !a.Judging || a.Cost == 0 {
				t.Errorf("the judge's attempt is %+v", a)
			}
			if got := m.Counts(); got != c.counts {
				t.Errorf("counts %+v, want %+v", got, c.counts)
			}
		})
	}
}

func TestCascadeDoesNotWaitForVerdictsForever(t *testing.T) {
	m := cascade(modeltest.Echo("cheap"), modeltest.Echo("strong"), sure)
	m.Within = time.Microsecond
	m.Verify = VerifierFunc(func(ctx context.Context, _ *model.Request, _ *model.Response) (float64, error) {
		<-ctx.Done()
		return 1, ctx.Err()
	})
	resp, err := m.Generate(t.Context(), modeltest.Wired("test", "hi"), model.Discard)
	if err != nil || resp.Model != "strong" || m.Counts().Unjudged != 1 {
		t.Errorf("got %v, %v, %+v; want the strong model's answer", resp, err, m.Counts())
	}
}

// TestCascadeShowsNoLogprobsNobodyAskedFor lets a verifier read them and the caller not, unless it asks too.
func TestCascadeShowsNoLogprobsNobodyAskedFor(t *testing.T) {
	cheap := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		resp := model.Answer("cheap", "yes")
		resp.Body = &model.Body{Dialect: "openai", Data: []byte(`{"logprobs":…}`)}
		if content, err := req.Content(); err == nil && content.Logprobs {
			resp.Choices[0].Logprobs = []model.TokenLogprob{{Token: "yes", Logprob: -0.1}}
		}
		return resp, resp.Emit(emit)
	})
	m := &Cascade{Cheap: cheap, Strong: alwaysDown(), Accept: sure, Logprobs: true}
	m.Verify = VerifierFunc(func(_ context.Context, _ *model.Request, resp *model.Response) (float64, error) {
		return float64(len(resp.Choices[0].Logprobs)), nil
	})
	for _, wanted := range []bool{false, true} {
		m.Accept = AtLeast(1)
		content := model.Prompt("hi")
		content.Logprobs = wanted
		seen := 0
		resp, err := m.Generate(t.Context(), model.NewRequest("test", content), func(p model.Part) error {
			seen += len(p.Logprobs)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 1}[wanted]; seen != want || len(resp.Choices[0].Logprobs) != want || (resp.Body != nil) != wanted {
			t.Errorf("asked for %v: %d log-probabilities emitted, %d returned, body %v", wanted, seen, len(resp.Choices[0].Logprobs), resp.Body)
		}
	}
}

// TestVerifiersHaveATimeAndATrailOfTheirOwn asks a verifier what its context says.
func TestVerifiersHaveATimeAndATrailOfTheirOwn(t *testing.T) {
	ctx, cancel := context.WithTimeout(model.WithTrail(context.Background(), &model.Trail{}), time.Hour)
	defer cancel()
	outer, _ := ctx.Deadline()
	for _, within := range []time.Duration{0, time.Minute, 2 * time.Hour} {
		var deadline time.Time
		var kept context.Context
		c := cascade(modeltest.Echo("cheap"), alwaysDown(), AtLeast(0.5))
		c.Within = within
		c.Verify = VerifierFunc(func(judging context.Context, _ *model.Request, _ *model.Response) (float64, error) {
			deadline, _ = judging.Deadline()
			kept = judging
			model.TrailOf(judging).Add(model.Attempt{Model: "judge"})
			return 1, judging.Err()
		})
		if _, err := c.Generate(ctx, modeltest.Wired("test", "hi"), model.Discard); err != nil {
			t.Fatal(err)
		}
		if want := within == time.Minute; deadline.Before(outer) != want {
			t.Errorf("within %v the verifier's time ends at %v, the request's at %v", within, deadline, outer)
		}
		if kept.Err() == nil {
			t.Error("the verifier's context has not ended with it")
		}
	}
	judged := 0
	for _, a := range model.TrailOf(ctx).Attempts() {
		if a.Judging {
			judged++
		}
	}
	if judged != 3 {
		t.Errorf("%d calls to judge are on the trail, want 3", judged)
	}
}
