// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

// found is an answer that has a feature, and how to see that it was understood.
type found struct {
	feature dialect.Feature
	resp    model.Response
	has     func(resp *model.Response, back []model.Block) bool
}

func answered(finish model.Finish, blocks ...model.Block) model.Response {
	return model.Response{Model: "up/m", Usage: model.Usage{Input: 10, Output: 5},
		Choices: []model.Choice{{Finish: finish, Message: model.Message{Role: model.Assistant, Blocks: blocks}}}}
}

func text(s string) model.Block { return model.Block{Kind: model.TextBlock, Text: s} }

func toolCall(id, args string) model.Block {
	return model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: "f", Arguments: args}}
}

// answers are the features of answers; back are the blocks of the answer as a client sends them back.
func answers(d all.Entry) []found {
	png := []byte("\x89PNG\r\n\x1a\n1")
	stopped := answered(model.FinishStop, text("a"))
	stopped.Choices[0].StopText = "END"
	tier := answered(model.FinishStop, text("a"))
	tier.ServiceTier = "priority"
	probable := answered(model.FinishStop, text("ab"))
	probable.Choices[0].Logprobs = []model.TokenLogprob{{Token: "a", Logprob: -0.5, Top: []model.TokenLogprob{{Token: "a", Logprob: -0.5}, {Token: "b", Logprob: -1.5}}}, {Token: "b", Logprob: -0.25}}
	counted := answered(model.FinishStop, text("a"))
	counted.Usage = model.Usage{Input: 100, Cached: 40, Written: 20, Output: 30, Reasoning: 12}
	other := "gemini"
	if d.Name == other {
		other = "anthropic"
	}
	foreign := &model.Seal{Dialect: other, Data: "AbC/+="}
	in := func(blocks []model.Block, is func(*model.Block) bool) bool {
		return slices.ContainsFunc(blocks, func(b model.Block) bool { return is(&b) })
	}
	one := func(is func(*model.Block) bool) func(*model.Response, []model.Block) bool {
		return func(r *model.Response, _ []model.Block) bool { return in(r.Choices[0].Message.Blocks, is) }
	}
	sealed := func(r *model.Response, back []model.Block) bool {
		is := func(b *model.Block) bool { return b.Seal != nil && cmp.Equal(b.Seal, foreign) }
		return in(r.Choices[0].Message.Blocks, is) || in(back, is)
	}
	return []found{
		{dialect.AnswerReasoning, answered(model.FinishStop, model.Block{Kind: model.ReasoningBlock, Text: "Let me think."}, text("a")),
			one(func(b *model.Block) bool { return b.Kind == model.ReasoningBlock && b.Text == "Let me think." })},
		{dialect.AnswerSeals, answered(model.FinishStop, model.Block{Kind: model.ReasoningBlock, Text: "Let me think.", Seal: foreign}, text("a")), sealed},
		{dialect.AnswerSeals, answered(model.FinishToolCalls, model.Block{Kind: model.ToolCallBlock, Call: toolCall("call_1", "{}").Call, Seal: foreign}), sealed},
		{dialect.AnswerRefusal, answered(model.FinishStop, model.Block{Kind: model.RefusalBlock, Text: "I would rather not."}),
			one(func(b *model.Block) bool { return b.Kind == model.RefusalBlock && b.Text == "I would rather not." })},
		{dialect.AnswerCitations, answered(model.FinishStop, model.Block{Kind: model.TextBlock, Text: "It is so.", Citations: []model.Citation{
			{URL: "https://h.example/a", Title: "A", Start: 0, End: 9}, {URL: "https://h.example/b", Title: "B", Start: 3, End: 9}}}),
			one(func(b *model.Block) bool {
				return len(b.Citations) == 2 && b.Citations[0].URL == "https://h.example/a" && b.Citations[1].Title == "B"
			})},
		{dialect.AnswerMedia, answered(model.FinishStop, text("Here:"), model.Block{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: png}}),
			one(func(b *model.Block) bool { return b.Kind == model.ImageBlock && bytes.Equal(b.Media.Data, png) })},
		{dialect.AnswerLogprobs, probable, func(r *model.Response, _ []model.Block) bool {
			l := r.Choices[0].Logprobs
			return len(l) == 2 && l[0].Token == "a" && l[0].Logprob == -0.5 && len(l[0].Top) == 2 && l[1].Logprob == -0.25
		}},
		{dialect.AnswerStopText, stopped, func(r *model.Response, _ []model.Block) bool { return r.Choices[0].StopText == "END" }},
		{dialect.AnswerTier, tier, func(r *model.Response, _ []model.Block) bool { return r.ServiceTier == "priority" }},
		{dialect.AnswerOrder, answered(model.FinishToolCalls, text("one"), toolCall("call_1", "{}"), text("two"), toolCall("call_2", "{}")),
			func(r *model.Response, _ []model.Block) bool {
				var kinds []string
				for _, b := range r.Choices[0].Message.Blocks {
					kinds = append(kinds, string(b.Kind)+b.Text)
				}
				return slices.Equal(kinds, []string{"textone", "tool_call", "texttwo", "tool_call"})
			}},
		{dialect.UsageCached, counted, func(r *model.Response, _ []model.Block) bool { return r.Usage.Cached == 40 && r.Usage.Input == 100 }},
		{dialect.UsageWritten, counted, func(r *model.Response, _ []model.Block) bool { return r.Usage.Written == 20 && r.Usage.Input == 100 }},
		{dialect.UsageReasoning, counted, func(r *model.Response, _ []model.Block) bool { return r.Usage.Reasoning == 12 && r.Usage.Output == 30 }},
	}
}

// TestTablesAreTrueOfAnswers lets each dialect write answers with each feature, whole and as a stream, and reads them.
func TestTablesAreTrueOfAnswers(t *testing.T) {
	covered := map[dialect.Feature]bool{}
	for _, f := range answers(all.Entry{}) {
		covered[f.feature] = true
	}
	for _, f := range dialect.Features() {
		if f.Answer && !covered[f.Feature] {
			t.Errorf("no answer tests %s", f.Feature)
		}
	}
	for _, d := range served() {
		t.Run(d.Name, func(t *testing.T) {
			for _, f := range answers(d) {
				t.Run(string(f.feature), func(t *testing.T) { f.check(t, d) })
			}
		})
	}
}

func (f *found) check(t *testing.T, d all.Entry) {
	survived := true
	var seen strings.Builder
	for _, stream := range []bool{false, true} {
		req := asking(t, d, stream)
		kind, body := answer(t, d, req, partsOf(t, &f.resp), &f.resp)
		resp, _, err := collect(d, req, kind, bytes.NewReader(body))
		if err != nil {
			t.Fatalf("stream %v: %v\n%s", stream, err, body)
		}
		has := len(resp.Choices) == 1 && f.has(resp, sentBack(t, d, resp))
		if !has {
			seen.WriteString(string(body) + "\n" + show(resp) + "\n")
		}
		survived = survived && has
	}
	if level := d.Table[f.feature]; survived != (level != dialect.Dropped) {
		t.Errorf("the table says %v, understood: %v\n%s", level, survived, seen.String())
	}
}

// sentBack returns the blocks of an answer as its client sends them back with the next request.
func sentBack(t testing.TB, d all.Entry, resp *model.Response) []model.Block {
	t.Helper()
	content := model.Prompt("hi")
	content.Dialect = d.Name
	content.Messages = append(content.Messages, resp.Choices[0].Message)
	results := model.Message{Role: model.ToolRole}
	for _, b := range resp.Choices[0].Message.Blocks {
		if b.Call != nil {
			results.Blocks = append(results.Blocks, model.Block{Kind: model.ToolResultBlock, CallID: b.Call.ID, Text: "done"})
		}
	}
	if results.Blocks != nil {
		content.Messages = append(content.Messages, results)
	}
	content.Messages = append(content.Messages, model.Text(model.User, "Go on."))
	content.Tools = []model.Tool{function("f")}
	got, e, err := through(t, d, content)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, b := range blocks(got) {
		if b.Call != nil {
			ids[b.Call.ID] = true
		} else if b.Kind == model.ToolResultBlock && !ids[b.CallID] {
			t.Errorf("a result answers %q, which was not called\n%s", b.CallID, e.body)
		}
	}
	return blocks(got)
}

// TestFinishes maps the reasons to end there and back.
func TestFinishes(t *testing.T) {
	for _, d := range served() {
		for _, finish := range []model.Finish{model.FinishStop, model.FinishLength, model.FinishToolCalls, model.FinishFilter, model.FinishRefusal, model.FinishPause} {
			for _, stream := range []bool{false, true} {
				resp := answered(finish, text("a"))
				if finish == model.FinishToolCalls {
					resp = answered(finish, toolCall("call_1", "{}"))
				}
				req := asking(t, d, stream)
				kind, body := answer(t, d, req, partsOf(t, &resp), &resp)
				got, _, err := collect(d, req, kind, iotest.OneByteReader(bytes.NewReader(body)))
				if err != nil {
					t.Errorf("%s, %s, stream %v: %v\n%s", d.Name, finish, stream, err, body)
					continue
				}
				want := []model.Finish{finish}
				switch finish {
				case model.FinishFilter:
					want = append(want, model.FinishRefusal)
				case model.FinishRefusal:
					want = append(want, model.FinishFilter)
				case model.FinishPause:
					want = append(want, model.FinishStop, model.FinishLength)
				}
				if d.Name == "ollama" { // has stop, length and load alone
					want = append(want, model.FinishStop)
				}
				if !slices.Contains(want, got.Choices[0].Finish) {
					t.Errorf("%s, stream %v: %s became %s\n%s", d.Name, stream, finish, got.Choices[0].Finish, body)
				}
			}
		}
	}
}

// TestFailedStreams ends a stream with an error, which no client may take for a complete answer.
func TestFailedStreams(t *testing.T) {
	for _, d := range served() {
		for _, cut := range []bool{false, true} {
			req := asking(t, d, true)
			var out bytes.Buffer
			a := d.Server.Answer(&out, req)
			for _, p := range []model.Part{{Kind: model.ReasoningPart, Text: "hm"}, {Kind: model.TextPart, Text: "Hel"}} {
				if err := a.Part(p); err != nil {
					t.Fatal(err)
				}
			}
			if !cut {
				if err := a.Fail(&model.Error{Kind: model.Unavailable, Provider: "up", Op: "read answer"}); err != nil {
					t.Fatal(err)
				}
			}
			resp, parts, err := collect(d, req, a.ContentType(), bytes.NewReader(out.Bytes()))
			if err == nil || resp != nil {
				t.Errorf("%s, cut %v: read as a complete answer\n%s", d.Name, cut, out.Bytes())
			} else if kind := model.KindOf(err); kind != model.Upstream && kind != model.Unavailable {
				t.Errorf("%s, cut %v: %v (%v)", d.Name, cut, err, kind)
			}
			said := ""
			for _, p := range parts {
				if p.Kind == model.TextPart {
					said += p.Text
				}
			}
			if said != "Hel" {
				t.Errorf("%s, cut %v: what came before is %q\n%s", d.Name, cut, said, out.Bytes())
			}
		}
	}
}
