// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// What a judge is told is in its prompt: the rubric, and the worked examples between markers of their own.
func TestPromptReachesTheJudge(t *testing.T) {
	var mu sync.Mutex // both orders are asked at once
	var seen string
	m := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		content, err := req.Content()
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		for i := range content.Messages {
			seen += content.Messages[i].Text() + "\n"
		}
		resp := model.Answer("j", "tie")
		return resp, resp.Emit(emit)
	})
	how := Grading{Prompt: Prompt{Rubric: "Be kind.", Examples: []Example{{Request: "old question", Answers: []string{"left", "right"}, Verdict: "second"}}}}
	if _, err := Pairwise(m, how).Compare(t.Context(), asking("new question"), answering("one"), answering("two")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Be kind.", "old question", "first answer begins\nleft", "second answer begins\nright", "new question"} {
		if !strings.Contains(seen, want) {
			t.Errorf("the judge is not told %q", want)
		}
	}
}

func TestGradeOf(t *testing.T) {
	for worth, want := range map[float64]string{-1: "1", 0: "1", 0.5: "6", 0.95: "10", 1: "10", 7: "10"} {
		if got := GradeOf(worth); got != want {
			t.Errorf("a worth of %v has the grade %s, want %s", worth, got, want)
		}
	}
}

// FuzzDecodePrompt reads any bytes: what is read has examples of its kind, and comes back whole.
func FuzzDecodePrompt(f *testing.F) {
	for _, pairs := range []bool{true, false} {
		ex := Example{Request: "q", Answers: []string{"a"}, Verdict: "7"}
		if pairs {
			ex = Example{Request: "q", Answers: []string{"a", "b"}, Verdict: "tie"}
		}
		file, err := EncodePrompt(Prompt{Rubric: "r", Examples: []Example{ex}}, pairs, "someone")
		if err != nil {
			f.Fatal(err)
		}
		if got, err := DecodePrompt(file); err != nil || got.For != "someone" || len(got.Examples) != 1 {
			f.Fatalf("got %+v, %v", got, err)
		}
		f.Add(file)
		f.Add([]byte(strings.ReplaceAll(string(file), `"pairs"`, `"peers"`)))
		f.Add([]byte(strings.ReplaceAll(string(file), `"q"`, `"q", "answers": []`)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := DecodePrompt(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("not said to be corrupt: %v", err)
			}
			return
		}
		file, err := EncodePrompt(got.Prompt, got.Pairs, got.For)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodePrompt(file)
		if err != nil || !cmp.Equal(again.Rubric, got.Rubric) || len(again.Examples) != len(got.Examples) {
			t.Errorf("came back as %+v, %v", again, err)
		}
	})
}
