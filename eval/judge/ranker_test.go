// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"retort/internal/sections"
	"retort/model"
)

// drawContests returns requests with an answer of each of two models. On average "fast" is better; but whose answer to a
// request is better can be seen from the answers.
func drawContests(rng *rand.Rand, n int) []Contest {
	contests := make([]Contest, n)
	for i := range contests {
		req, _, _ := draw(rng)
		c := Contest{Request: req}
		for _, who := range []string{"small", "fast"} {
			resp, chance := answerOf(rng, who)
			c.Answers, c.Worth = append(c.Answers, resp), append(c.Worth, passes(rng.Float64() < chance))
		}
		contests[i] = c
	}
	return contests
}

// answerOf draws until an answer is the model's.
func answerOf(rng *rand.Rand, who string) (*model.Response, float64) {
	for {
		if _, resp, chance := draw(rng); resp.Model == who {
			return resp, chance
		}
	}
}

func ranker(t testing.TB, contests []Contest) *Ranker {
	t.Helper()
	r, err := TrainRanker(t.Context(), contests, Training{Strength: 0.003})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRankerPicksBetterThanTheBestModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	r := ranker(t, drawContests(rng, 300))
	if r.First != "fast" || len(r.Models) != 2 {
		t.Errorf("the best of %v is %s", r.Models, r.First)
	}
	picked, single := 0.0, 0.0
	test := drawContests(rng, 400)
	for _, c := range test {
		at, err := r.Best(t.Context(), c.Request, c.Answers)
		if err != nil {
			t.Fatal(err)
		}
		picked, single = picked+c.Worth[at], single+c.Worth[1]
	}
	if n := float64(len(test)); picked/n < single/n+0.1 {
		t.Errorf("picks are worth %.3f, the best model's answers %.3f", picked/n, single/n)
	}
}

// Answers of one model are ranked by what was learned of single answers.
func TestRankerLearnsFromSingleAnswers(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	var contests []Contest
	for range 300 {
		req, _, _ := draw(rng)
		resp, chance := answerOf(rng, "fast")
		contests = append(contests, Contest{Request: req, Answers: []*model.Response{resp}, Worth: []float64{passes(rng.Float64() < chance)}})
	}
	r := ranker(t, contests)
	good, bad := model.Answer("fast", "We have looked into the matter. It will arrive tomorrow, and you can track it."), model.Answer("fast", "I'm sorry, I cannot help with that.")
	if at, err := r.Best(t.Context(), asking("What about my refund?"), []*model.Response{bad, good}); err != nil || at != 1 {
		t.Errorf("picked %d, %v", at, err)
	}
}

func TestRankerRefusesContestsWithoutWorth(t *testing.T) {
	for name, test := range map[string]struct {
		contest Contest
		want    string
	}{
		"no answers":   {Contest{Request: asking("x")}, "contest 0 has 0 answers"},
		"no worth":     {Contest{Request: asking("x"), Answers: []*model.Response{answering("y")}}, "of which 0 are judged"},
		"out of range": {Contest{Request: asking("x"), Answers: []*model.Response{answering("y")}, Worth: []float64{2}}, "its worth 2 is not from 0 to 1"},
		"too few":      {Contest{Request: asking("x"), Answers: []*model.Response{answering("y")}, Worth: []float64{1}}, "bring more"},
	} {
		if _, err := TrainRanker(t.Context(), []Contest{test.contest}, Training{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
}

// FuzzDecodeRanker puts any bytes behind a valid envelope: what is read can choose, and has a file of its own again.
func FuzzDecodeRanker(f *testing.F) {
	r := ranker(f, drawContests(rand.New(rand.NewPCG(25, 26)), 60))
	whole := encoded(f, r)
	f.Add(whole, false)
	f.Add(whole[:80], true)
	f.Add([]byte{}, true)
	contest := drawContests(rand.New(rand.NewPCG(1, 2)), 1)[0]
	want, err := r.Best(f.Context(), contest.Request, contest.Answers)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		if seal && len(data) >= sections.HeaderBytes {
			data = sections.Seal(append([]byte{}, data...), &rankerFormat)
		}
		got, err := DecodeRanker(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("not said to be corrupt: %v", err)
			}
			return
		}
		at, err := got.Best(t.Context(), contest.Request, contest.Answers)
		if err != nil || string(data) == string(whole) && (at != want || got.String() != r.String()) {
			t.Errorf("it picks %d, %v", at, err)
		}
		if _, err := DecodeRanker(encoded(t, got)); err != nil {
			t.Error(err)
		}
	})
}
