// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

func recordings() []Recording {
	return []Recording{
		{Input: "where is my card?", Answer: "card_arrival", Usage: model.Usage{Input: 200, Output: 4}, Latency: 380 * time.Millisecond, Score: 0.9},
		{Input: "lost it", Answer: "lost_card"},
		{Input: "hm", Answer: "other"}, {Input: "hm", Answer: "card_arrival"}, {Input: "hm", Answer: "other"},
	}
}

func ask(input string) *model.Request { return model.NewRequest("teacher", model.Prompt(input)) }

func TestContract(t *testing.T) {
	var inputs []Recording
	for _, req := range modeltest.Requests() {
		content, err := req.Content()
		if err != nil {
			t.Fatal(err)
		}
		input, err := model.InputText(content)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, Recording{Input: input, Answer: "It will be with you by Thursday, at the latest.", Latency: time.Millisecond})
	}
	modeltest.Run(t, func(t *testing.T) model.Model { return New(inputs, Options{Latency: true}) },
		modeltest.WithFailing(func() *model.Request { return ask("never recorded") }))
}

func TestAnswers(t *testing.T) {
	m := New(recordings(), Options{Name: "teacher/recorded", Price: model.Price{Input: 1, Output: 2}})
	req := model.NewRequest("x", &model.Content{Messages: []model.Message{model.Text(model.System, "Whatever the prompt says today."),
		model.Text(model.User, "where is my card?")}})
	trail := &model.Trail{}
	got, err := m.Generate(model.WithTrail(t.Context(), trail), req, model.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := model.Answer("teacher/recorded", "card_arrival")
	want.Usage, want.Cost, want.Score = model.Usage{Input: 200, Output: 4}, 208*1e6, 0.9
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if a := trail.Attempts(); len(a) != 1 || a[0].Model != want.Model || a[0].Cost != want.Cost || a[0].Score != 0.9 {
		t.Errorf("trail %+v", a)
	}
}

func TestRepeatedInputsTakeTurns(t *testing.T) {
	m := New(recordings(), Options{})
	var got []string
	for range 5 {
		resp, err := m.Generate(t.Context(), ask("hm"), model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, resp.Text())
	}
	if d := cmp.Diff([]string{"other", "card_arrival", "other", "other", "card_arrival"}, got); d != "" {
		t.Error(d)
	}
}

func TestMiss(t *testing.T) {
	m := New(recordings(), Options{Name: "teacher"})
	_, err := m.Generate(t.Context(), ask("Where is my card? "+strings.Repeat("é", 500)), model.Discard)
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.NotFound || e.Hint == "" || len(err.Error()) > 250 ||
		!strings.Contains(err.Error(), `teacher: replay: no recording of the input "Where is my card? é`) || !strings.Contains(err.Error(), "(1018 bytes)") {
		t.Errorf("got %v", err)
	}
	picture := &model.Content{Messages: []model.Message{{Role: model.User, Blocks: []model.Block{{Kind: model.ImageBlock, Media: &model.Media{URL: "u"}}}}}}
	for _, c := range []*model.Content{picture, {}} {
		if _, err := m.Generate(t.Context(), model.NewRequest("x", c), model.Discard); model.KindOf(err) != model.Invalid {
			t.Errorf("got %v", err)
		}
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if _, err := New(recordings(), Options{}).Generate(t.Context(), ask("where is my card?"), model.Discard); err != nil || time.Since(start) != 0 {
			t.Errorf("without latency: %v after %v", err, time.Since(start))
		}
		m := New(recordings(), Options{Latency: true})
		if _, err := m.Generate(t.Context(), ask("where is my card?"), model.Discard); err != nil || time.Since(start) != 380*time.Millisecond {
			t.Errorf("with latency: %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start = time.Now()
		if _, err := m.Generate(ctx, ask("where is my card?"), model.Discard); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("given up: %v after %v", err, time.Since(start))
		}
	})
}

func TestSplit(t *testing.T) {
	for _, s := range []string{"", "word", "two words", "a b c d e f g h", " ", "    ", "one-very-long-word and then some more words", strings.Repeat("é ", 50), "x" + strings.Repeat(" ", 40)} {
		got := split(s)
		if strings.Join(got, "") != s || len(got) > 4 {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

func TestReadAndWrite(t *testing.T) {
	var b strings.Builder
	for _, r := range recordings() {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteString("\n\n")
	}
	got, err := Read(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(recordings(), got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestReadNamesTheLine(t *testing.T) {
	for in, want := range map[string]string{
		"{\"input\":\"a\",\"answer\":\"b\"}\n\n{\"input\":\"a\"}": `line 3: field "answer" is missing`,
		`{"answer":"a"}`: `line 1: field "input" is missing`,
		`{"input":"a","answer":"b","latency_ms":-1}`:   `line 1: field "latency_ms"`,
		`{"input":"a","answer":"b","latency_ms":1e99}`: `line 1: field "latency_ms"`,
		`{"input":7}`: "line 1: ",
		"hello":       "line 1: ",
	} {
		if _, err := Read(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
}
