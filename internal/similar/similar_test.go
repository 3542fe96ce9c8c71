// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package similar

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"retort/compose"
	"retort/eval/certify"
	"retort/internal/shareddata"
	"retort/model"
)

var goal = certify.Goal{Agreement: 0.9, Confidence: 0.95}

func newMemory(t *testing.T, o Options) *Memory {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func inputOf(_ context.Context, req *model.Request) (string, error) {
	content, err := req.Content()
	if err != nil {
		return "", err
	}
	return model.InputText(content)
}

// stream is what came of a stream of requests.
type stream struct{ asked, given, agreed int }

// run puts texts to a teacher behind a memory; truth is the teacher's answer.
func run(t *testing.T, m *Memory, audit float64, seed uint64, texts []string, truth func(i int) string) (s stream) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	at := 0
	teacher := model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		resp := model.Answer("teacher", truth(at))
		return resp, resp.Emit(emit)
	})
	reminded := compose.Similar(teacher, compose.Similarity{Name: "similar/test", Memory: m, Input: inputOf, Audit: audit, Random: random.Float64})
	for at = range texts {
		resp, err := reminded.Generate(t.Context(), model.NewRequest("test", model.Prompt(texts[at])), model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		s.asked++
		if resp.Model == "similar/test" {
			s.given++
			if resp.Text() == truth(at) {
				s.agreed++
			}
		}
	}
	return s
}

// phrases draws n inputs of few words, with their labels.
func phrases(seed uint64, n int) (texts, labels []string) {
	random := rand.New(rand.NewPCG(seed, 2))
	words := []string{"card", "refund", "transfer", "fee", "account"}
	fill := []string{"my", "please", "where", "is", "the", "new", "today", "again", "help", "with"}
	for range n {
		topic := random.IntN(len(words))
		text := words[topic]
		for range 3 {
			text += " " + fill[random.IntN(len(fill))]
		}
		texts, labels = append(texts, text), append(labels, words[topic])
	}
	return texts, labels
}

// TestMemoryLearnsSpeaksAndFalls goes through the life of a memory: silent, certified, and taken back when the teacher
// changes its mind.
func TestMemoryLearnsSpeaksAndFalls(t *testing.T) {
	m := newMemory(t, Options{Goal: goal})
	texts, labels := phrases(1, 3000)
	honest := func(i int) string { return labels[i] }
	before := run(t, m, 0.2, 1, texts[:100], honest)
	if before.given != 0 || m.Certificate(model.DefaultTenant).Speaks() {
		t.Fatalf("%d answers were given before anything was certified", before.given)
	}
	after := run(t, m, 0.2, 2, texts[100:], func(i int) string { return labels[100+i] })
	if !m.Certificate(model.DefaultTenant).Speaks() || after.given < 1000 || float64(after.agreed) < 0.9*float64(after.given) {
		t.Errorf("%+v; %v", after, m.Certificate(model.DefaultTenant))
	}
	if m.Certificate("other").Speaks() || m.Recall("other", texts[0]).Answer != "" {
		t.Error("another tenant profits")
	}
	fallen := run(t, m, 0.2, 3, texts[:500], func(i int) string { return "another answer to everything" })
	if c := m.Counts(); c.Falls != 1 || c.Speaks != 0 || fallen.given > 300 {
		t.Errorf("after the teacher changed its mind: %+v, %d given", c, fallen.given)
	}
}

func TestRestartAndForget(t *testing.T) {
	m := newMemory(t, Options{Goal: goal})
	texts, labels := phrases(1, 1000)
	run(t, m, 0.2, 1, texts, func(i int) string { return labels[i] })
	if m.Restart(); m.Counts().Speaks != 0 || m.Recall(model.DefaultTenant, texts[999]).Answer != labels[999] {
		t.Error("after a restart the memory speaks, or has forgotten")
	}
	m.Forget(model.DefaultTenant, texts[999], labels[999])
	if m.Recall(model.DefaultTenant, texts[999]).Score == 1 {
		t.Error("what was corrected is still known word for word")
	}
}

func TestConcurrentUse(t *testing.T) {
	m := newMemory(t, Options{Goal: goal, Max: 100, TTL: time.Hour})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			texts, labels := phrases(uint64(g), 200)
			for i := range texts {
				tenant := fmt.Sprint(i % 3)
				m.Learn(tenant, texts[i], m.Recall(tenant, texts[i]), labels[i], true)
				if i%50 == 0 {
					m.Restart()
					m.Forget(tenant, texts[i], labels[i])
					m.Counts()
				}
			}
		})
	}
	wg.Wait()
}

// TestBankingPromise streams Banking77's training part, in random orders and with its labels as the teacher's answers,
// and counts the orders in which the answers from memory did not agree as often as was promised.
func TestBankingPromise(t *testing.T) {
	rows := shareddata.CSV(t, "banking77/train.csv")
	const runs, length = 1, 3000 // bench/routing has more
	violated, given, agreed, asked := 0, 0, 0, 0
	for seed := range uint64(runs) {
		order := rand.New(rand.NewPCG(seed, 77)).Perm(len(rows))[:length]
		texts := make([]string, length)
		for i, row := range order {
			texts[i] = rows[row][0]
		}
		s := run(t, newMemory(t, Options{Goal: goal}), 0.05, seed, texts, func(i int) string { return rows[order[i]][1] })
		given, agreed, asked = given+s.given, agreed+s.agreed, asked+s.asked
		if s.given > 0 && float64(s.agreed) < goal.Agreement*float64(s.given) {
			violated++
		}
	}
	t.Logf("%v: %d of %d orders violated; %.1f %% of requests were given, %.2f %% of these agreed",
		goal, violated, runs, 100*float64(given)/float64(asked), 100*float64(agreed)/float64(max(1, given)))
	if certify.LowerBound(violated, runs, 1e-6) > 1-goal.Confidence {
		t.Errorf("%v: %d of %d orders violated", goal, violated, runs)
	}
}
