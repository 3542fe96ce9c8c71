// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"context"
	"errors"
	"strings"
	"testing"

	"retort/model"
	"retort/model/modeltest"
)

// asked remembers what a teacher's language model was asked, and answers with the next of its answers.
type asked struct {
	answers  []string
	errs     []error
	contents []*model.Content
}

func (a *asked) Generate(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	call := len(a.contents)
	a.contents = append(a.contents, content)
	if call < len(a.errs) && a.errs[call] != nil {
		return nil, a.errs[call]
	}
	resp := model.Answer("upstream/large", a.answers[min(call, len(a.answers)-1)])
	resp.Usage, resp.Cost = model.Usage{Input: 10, Output: 2}, 7
	return resp, resp.Emit(emit)
}

func ask(t *testing.T, m model.Model, text string) (*model.Response, error) {
	t.Helper()
	return m.Generate(t.Context(), model.NewRequest("desk", model.Prompt(text)), model.Discard)
}

func TestTeacherConformance(t *testing.T) {
	modeltest.Run(t, func(*testing.T) model.Model {
		return desk().Teacher(modeltest.Script(modeltest.Step{Response: model.Answer("upstream/large", `{"label":"refund"}`)}))
	})
}

func TestTeacherPrompt(t *testing.T) {
	task := desk()
	task.Examples = []Example{{"where is my money", "refund_status"}}
	m := &asked{answers: []string{`{"label":"Lost Card"}`}}
	resp, err := ask(t, task.Teacher(m), "my card is gone")
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Text(); got != "Lost Card" {
		t.Errorf("answer %q, want the label alone", got)
	}
	content := m.contents[0]
	system, user := content.Messages[0].Text(), content.Messages[1].Text()
	for _, want := range []string{"Sort the message.", "- refund_status\n", "- c#\n", "Message: where is my money\nLabel: refund_status"} {
		if !strings.Contains(system, want) {
			t.Errorf("the system prompt lacks %q:\n%s", want, system)
		}
	}
	if user != "my card is gone" {
		t.Errorf("the user message is %q, want the input unchanged", user)
	}
	if content.Format == nil || !strings.Contains(string(content.Format.Schema), `"enum":["refund","refund_status"`) {
		t.Errorf("format %+v, want a schema with the labels", content.Format)
	}
}

func TestTeacherRepairsOnce(t *testing.T) {
	m := &asked{answers: []string{"No idea, sorry.", "refund"}}
	resp, err := ask(t, desk().Teacher(m), "money back please")
	if err != nil {
		t.Fatal(err)
	}
	if resp.Text() != "refund" || len(m.contents) != 2 {
		t.Errorf("got %q after %d calls, want refund after 2", resp.Text(), len(m.contents))
	}
	if resp.Usage.Input != 20 || resp.Cost != 14 {
		t.Errorf("usage %+v cost %d, want both calls counted", resp.Usage, resp.Cost)
	}
	if last := m.contents[1].Messages; len(last) != 4 || !strings.Contains(last[3].Text(), "exactly one of: refund, refund_status") {
		t.Errorf("the repair asked %+v", last)
	}
}

func TestTeacherGivesUpTyped(t *testing.T) {
	m := &asked{answers: []string{"No idea, sorry."}}
	resp, err := ask(t, desk().Teacher(m), "money back please")
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Unusable || resp != nil {
		t.Fatalf("got %v, %v; want an error of kind Unusable", resp, err)
	}
	if len(m.contents) != 2 || !strings.Contains(err.Error(), "No idea, sorry.") || e.Hint == "" {
		t.Errorf("error %q hint %q after %d calls, want what was answered, a hint, and one repair", err, e.Hint, len(m.contents))
	}
}

func TestTeacherWithoutStructuredOutput(t *testing.T) {
	refusal := &model.Error{Kind: model.Invalid, Op: "ask", Err: errors.New("response_format is not supported")}
	m := &asked{answers: []string{"refund"}, errs: []error{refusal}}
	teacher := desk().Teacher(m)
	for range 2 {
		if resp, err := ask(t, teacher, "money back please"); err != nil || resp.Text() != "refund" {
			t.Fatalf("got %v, %v", resp, err)
		}
	}
	if len(m.contents) != 3 || m.contents[0].Format == nil || m.contents[1].Format != nil || m.contents[2].Format != nil {
		t.Errorf("%d calls; want one with a format, then all without", len(m.contents))
	}
}

func TestTeacherKeepsRealRefusals(t *testing.T) {
	refusal := &model.Error{Kind: model.Invalid, Op: "ask", Err: errors.New("no such model")}
	_, err := ask(t, desk().Teacher(&asked{answers: []string{""}, errs: []error{refusal, refusal}}), "hello")
	if !errors.Is(err, refusal) {
		t.Errorf("got %v, want the upstream's refusal", err)
	}
}

func TestInputMustBeText(t *testing.T) {
	image := model.Message{Role: model.User, Blocks: []model.Block{{Kind: model.ImageBlock, Media: &model.Media{URL: "https://example.com/x.png"}}}}
	req := model.NewRequest("desk", &model.Content{Messages: []model.Message{image}})
	_, err := desk().Teacher(&asked{answers: []string{"refund"}}).Generate(t.Context(), req, model.Discard)
	if model.KindOf(err) != model.Invalid || err == nil {
		t.Errorf("got %v, want an error of kind Invalid", err)
	}
}

type fixed struct{}

func (fixed) Answer(text string) (string, float64) { return "refund", 0.75 }

func TestStudentConformance(t *testing.T) {
	modeltest.Run(t, func(*testing.T) model.Model { return desk().Student("student/desk@1", fixed{}) })
}

func TestStudentLeavesATrail(t *testing.T) {
	trail := &model.Trail{}
	ctx := model.WithTrail(t.Context(), trail)
	resp, err := desk().Student("student/desk@1", fixed{}).Generate(ctx, model.NewRequest("desk", model.Prompt("hi")), model.Discard)
	if err != nil {
		t.Fatal(err)
	}
	attempts := trail.Attempts()
	if resp.Score != 0.75 || len(attempts) != 1 || attempts[0].Model != "student/desk@1" || attempts[0].Score != 0.75 {
		t.Errorf("response %+v, attempts %+v", resp, attempts)
	}
}
