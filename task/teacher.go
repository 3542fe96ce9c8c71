// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"cmp"
	"context"
	"strings"
	"sync/atomic"

	"retort/model"
)

// Teacher returns a Model that answers the task by asking a language model. The prompt holds the instructions, the
// answers allowed and the examples; structured output is asked for, until the upstream says that it has none. An answer
// outside the contract is repaired by asking once more, then is an error of kind Unusable. The Response's text is the
// answer alone, as Task.Canonical spells it; its usage and cost are of all calls made. Log-probabilities, where asked for and given, are those of the tokens
// that spell it.
func (t *Task) Teacher(m model.Model) model.Model {
	wording := t.output().ask()
	return &teacher{task: t, model: m, wording: wording, system: t.prompt(&wording)}
}

// Front returns a Model that puts the input of each request to m, and nothing else that is the contract's: for what keeps the contract by
// itself, such as a blend of teachers. What else a request asks for is noted on the trail or refused as by Teacher.
func (t *Task) Front(m model.Model) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		input, err := t.read(ctx, req, asTeacher)
		if err != nil {
			return nil, err
		}
		content := model.Prompt(input)
		if said, err := req.Content(); err == nil {
			content.Logprobs, content.TopLogprobs = said.Logprobs, said.TopLogprobs
		}
		return m.Generate(ctx, req.WithContent(content), emit)
	})
}

type teacher struct {
	task    *Task
	model   model.Model
	wording wording
	system  string
	plain   atomic.Bool // the upstream refused structured output
}

func (t *teacher) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	input, err := t.task.read(ctx, req, asTeacher)
	if err != nil {
		return nil, err
	}
	messages := []model.Message{model.Text(model.System, t.system), model.Text(model.User, input)}
	resp, err := t.ask(ctx, req, messages)
	if err != nil {
		return nil, err
	}
	said, err := t.task.Read(input, resp.Text())
	if err != nil {
		first := resp
		messages = append(messages, model.Text(model.Assistant, first.Text()), model.Text(model.User, t.wording.repair(err)))
		if resp, err = t.ask(ctx, req, messages); err != nil {
			return nil, err
		}
		resp.Usage, resp.Cost = resp.Usage.Add(first.Usage), resp.Cost+first.Cost
		if said, err = t.task.Read(input, resp.Text()); err != nil {
			return nil, t.task.unusable(resp.Text(), err)
		}
	}
	answer := model.Answer(resp.Model, said)
	answer.ID, answer.Created, answer.Usage, answer.Cost, answer.Score = resp.ID, resp.Created, resp.Usage, resp.Cost, resp.Score
	answer.Choices[0].Logprobs = spelling(said, resp.Choices[0].Logprobs)
	if err := answer.Emit(emit); err != nil {
		return nil, err
	}
	return answer, nil
}

// ask puts messages to the language model, first with structured output and, if that is refused, without.
func (t *teacher) ask(ctx context.Context, req *model.Request, messages []model.Message) (*model.Response, error) {
	content := &model.Content{Messages: messages}
	if said, err := req.Content(); err == nil {
		content.Logprobs, content.TopLogprobs = said.Logprobs, said.TopLogprobs
	}
	if t.plain.Load() {
		return t.once(ctx, req, content)
	}
	content.Format = t.wording.format
	resp, err := t.once(ctx, req, content)
	if err == nil || model.KindOf(err) != model.Invalid {
		return resp, err
	}
	bare := *content
	bare.Format = nil
	resp, plainErr := t.once(ctx, req, &bare)
	if plainErr != nil {
		return nil, err
	}
	t.plain.Store(true)
	return resp, nil
}

// once returns a response of its own, which the caller may change.
func (t *teacher) once(ctx context.Context, req *model.Request, content *model.Content) (*model.Response, error) {
	ask := req.WithContent(content)
	ask.Stream = false
	resp, err := t.model.Generate(ctx, ask, model.Discard)
	if err != nil {
		return nil, err
	}
	own := *resp
	return &own, nil
}

// spelling returns the tokens of an answer that spell its label; all of them where it is spelled in another way.
func spelling(label string, tokens []model.TokenLogprob) []model.TokenLogprob {
	var b strings.Builder
	for i := range tokens {
		b.WriteString(tokens[i].Token)
	}
	from := strings.LastIndex(b.String(), label)
	if from < 0 {
		return tokens
	}
	first, last, at := 0, len(tokens), 0
	for i := range tokens {
		if at <= from {
			first = i
		}
		at += len(tokens[i].Token)
		if at >= from+len(label) {
			last = i + 1
			break
		}
	}
	return tokens[first:last]
}

func (t *Task) prompt(a *wording) string {
	var b strings.Builder
	b.WriteString(cmp.Or(strings.TrimSpace(t.Instructions), a.duty))
	b.WriteString("\n\n" + a.rules)
	if len(t.Examples) > 0 {
		b.WriteString("\nExamples:\n")
		for _, ex := range t.Examples {
			output := ex.Output
			if a.shown != nil {
				output = a.shown(output)
			}
			b.WriteString("Message: " + ex.Input + "\n" + a.word + ": " + output + "\n")
		}
	}
	return b.String()
}

// repair says how to answer after an answer outside the contract.
func (a *wording) repair(why error) string {
	if !a.tell {
		return a.again
	}
	return "That is outside the contract: " + clip(why.Error(), 500) + ". " + a.again
}
