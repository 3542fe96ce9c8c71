// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"retort/internal/app"
	"retort/internal/store"
	"retort/model"
)

type tracesShowCmd struct {
	jsonFlag
	ID string `arg:"" help:"The trace's id, from the header Retort-Trace or the list, or its beginning where no other begins so."`
}

func (c *tracesShowCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		trace, feedback, err := a.Trace(s.ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(shown(trace, feedback))
		}
		c.summary(s, trace)
		if err := c.attempts(s, trace.Attempts); err != nil {
			return err
		}
		c.request(s, trace)
		c.answer(s, trace.Response)
		c.feedback(s, feedback)
		return nil
	})
}

// summary prints what a trace says about its request and answer.
func (c *tracesShowCmd) summary(s *session, t *model.Trace) {
	how := []string{t.Model}
	if t.Dialect != "" {
		how = append(how, "dialect "+t.Dialect)
	}
	if t.Stream {
		how = append(how, "streamed")
	}
	if t.Key != "" {
		how = append(how, "key "+t.Key)
	}
	took := duration(t.Duration)
	if t.First > 0 {
		took += ", the first part after " + duration(t.First)
	}
	s.line("trace", t.ID)
	s.line("asked", strings.Join(how, ", "))
	s.line("purpose", purposeWords[t.Purpose])
	s.line("at", clock(t.Start))
	s.line("took", took)
	for _, p := range t.Picks {
		s.line("routed", strings.TrimSuffix(fmt.Sprintf("%s → %s: %s", p.Blend, p.Model, p.Why), ": "))
	}
	if t.Response != nil {
		by := t.Response.Model
		if n := len(t.Attempts); n > 0 && t.Attempts[n-1].Cached {
			by += ", from a cache"
		}
		s.line("answered by", by)
	}
	for _, arm := range t.Arms {
		s.line("split", armText(arm))
	}
	s.line("failed", strings.TrimSuffix(t.Error+": "+t.Message, ": "))
	s.line("tokens", usageText(t.Usage))
	s.line("cost", "$"+t.Cost.String())
	s.line("dropped", strings.Join(t.Dropped, ", "))
}

// purposeWords say what a request was made for, unless a client made it.
var purposeWords = map[model.Work]string{
	model.Labelling:  "label: a teacher was asked for a label to learn from",
	model.Reasking:   "reask: a teacher was asked again, to see whether it says the same",
	model.Evaluating: "eval: the answer was measured",
	model.Judging:    "judge: a verdict on answers of others",
	model.Tuning:     "tune: an outcome to tune a blend by",
	model.Auditing:   "audit: a teacher's answer to what a student answered",
}

// armText says what a split chose.
func armText(a model.Arm) string {
	if a.Unit == 0 {
		return a.Split + ": " + a.Name + " (not drawn)"
	}
	return fmt.Sprintf("%s: %s (unit %016x)", a.Split, a.Name, a.Unit)
}

// usageText prints tokens, with what is special about them.
func usageText(u model.Usage) string {
	text := fmt.Sprintf("%d + %d", u.Input, u.Output)
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{u.Cached, "cached"}, {u.Written, "written to the cache"}, {u.Reasoning, "reasoning"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if len(parts) == 0 {
		return text
	}
	return text + " (" + strings.Join(parts, ", ") + ")"
}

// attempts prints the calls behind an answer, where there is more to say than that one gave it.
func (c *tracesShowCmd) attempts(s *session, attempts []model.Attempt) error {
	if len(attempts) == 0 || len(attempts) == 1 && !attempts[0].Scored && attempts[0].Member == "" {
		return nil
	}
	var rows [][]string
	members := slices.ContainsFunc(attempts, func(a model.Attempt) bool { return a.Member != "" })
	for _, a := range attempts {
		row := []string{a.Model, duration(a.Duration), usageText(a.Usage), money(a.Cost), resultText(&a)}
		if members {
			row = append([]string{cmp.Or(a.Member, "–")}, row...)
		}
		rows = append(rows, row)
	}
	fmt.Fprintln(s.Stdout)
	header := columns("ATTEMPT", ">TOOK", ">TOKENS", ">COST", "RESULT")
	if members {
		header = append(columns("MEMBER"), header...)
	}
	return s.table(header, rows)
}

// resultText says what came of a call, and what it was asked for.
func resultText(a *model.Attempt) string {
	text := ""
	switch {
	case a.Error == model.Canceled.String() && a.Asked != "":
		text = "called off"
	case a.Error == model.Exhausted.String() && a.Asked != "" && a.Model == a.Member:
		text = "passed over for its cost"
	case a.Error != "":
		text = "error: " + a.Error
	case a.Judging && a.Asked != "":
		text = "judged this member's answer"
	case a.Judging:
		text = "judged"
	case a.Asked != "":
		text = purposeText(a)
	case a.Rejected:
		if text = "not accepted"; a.Why != "" {
			text += ": " + a.Why
		}
	case a.Scored:
		text = "accepted"
	default:
		text = "answered"
	}
	if a.Cached {
		text += ", from a cache"
	}
	if a.Scored || a.Score > 0 {
		text += fmt.Sprintf(", score %.3f", a.Score)
	} else if a.Rejected && a.Asked == "" && a.Error == "" {
		text += ", no verdict"
	}
	if a.Estimated {
		text += ", tokens estimated"
	}
	return text
}

// purposeText says what a member of an ensemble did.
func purposeText(a *model.Attempt) string {
	words := map[model.Purpose][2]string{
		model.ForVote:      {"its vote won", "its vote did not win"},
		model.ForCandidate: {"chosen", "not chosen"},
		model.ForProposal:  {"proposed", "proposed nothing of use"},
	}[a.Asked]
	if a.Rejected {
		return words[1]
	}
	return words[0]
}

// request prints what was asked, whatever dialect it came in.
func (c *tracesShowCmd) request(s *session, t *model.Trace) {
	if len(t.Body) == 0 {
		fmt.Fprintln(s.Stdout, "\nthe request's content was not captured")
		return
	}
	content, err := app.TraceContent(t)
	if err != nil || len(content.Messages) == 0 { // such as one for vectors
		fmt.Fprintf(s.Stdout, "\n%s\n", printableLines(strings.TrimSpace(string(t.Body))))
		return
	}
	if settings := settingsText(content); settings != "" {
		fmt.Fprintln(s.Stdout)
		s.line("settings", settings)
	}
	for i := range content.Messages {
		s.message(string(content.Messages[i].Role), &content.Messages[i])
	}
}

// settingsText says what a request wants beside its messages.
func settingsText(c *model.Content) string {
	var said []string
	add := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	if len(c.Tools) > 0 {
		var names []string
		for i := range c.Tools {
			names = append(names, toolName(&c.Tools[i]))
		}
		add("tools %s", clip(strings.Join(names, " "), 300))
	}
	if c.Format != nil {
		add("format %s", c.Format.Kind)
	}
	if c.MaxTokens != nil {
		add("at most %d tokens", *c.MaxTokens)
	}
	if c.Temperature != nil {
		add("temperature %v", *c.Temperature)
	}
	if c.TopP != nil {
		add("top_p %v", *c.TopP)
	}
	if c.Effort != "" {
		add("effort %s", c.Effort)
	}
	if len(c.Stop) > 0 {
		add("stop %q", c.Stop)
	}
	return strings.Join(said, "; ")
}

func toolName(t *model.Tool) string {
	switch {
	case t.Name == "":
		return clip(string(t.Native), 40)
	case t.Namespace != nil:
		return t.Namespace.Name + "." + t.Name
	}
	return t.Name
}

// answer prints what was answered.
func (c *tracesShowCmd) answer(s *session, r *model.Response) {
	if r == nil {
		return
	}
	for i := range r.Choices {
		title := "answer"
		if len(r.Choices) > 1 {
			title = fmt.Sprintf("answer %d", i+1)
		}
		if finish := r.Choices[i].Finish; finish != "" && finish != model.FinishStop {
			title += " (ended by " + string(finish) + ")"
		}
		s.message(title, &r.Choices[i].Message)
	}
}

// message prints a turn under its title.
func (s *session) message(title string, m *model.Message) {
	if m.Name != "" {
		title += " " + m.Name
	}
	fmt.Fprintf(s.Stdout, "\n%s:\n", printable(title))
	s.blocks(m.Blocks, "  ")
}

// blocks prints the pieces of a turn, each beginning on a line of its own.
func (s *session) blocks(blocks []model.Block, indent string) {
	for i := range blocks {
		b := &blocks[i]
		if text := blockText(b); text != "" {
			fmt.Fprintf(s.Stdout, "%s%s\n", indent, strings.ReplaceAll(printableLines(text), "\n", "\n"+indent))
		}
		s.blocks(b.Blocks, indent+"  ")
	}
}

// blockText says what a block holds.
func blockText(b *model.Block) string {
	switch b.Kind {
	case model.TextBlock:
		return b.Text
	case model.ReasoningBlock:
		if b.Text == "" {
			return "[hidden reasoning]"
		}
		return "[reasoning] " + b.Text
	case model.RefusalBlock:
		return "[refusal] " + b.Text
	case model.ToolCallBlock:
		if b.Call != nil {
			return fmt.Sprintf("[call %s] %s %s", b.Call.ID, b.Call.Name, b.Call.Arguments)
		}
	case model.ToolResultBlock:
		kind := "result"
		if b.Failed {
			kind = "failure"
		}
		return strings.TrimSpace(fmt.Sprintf("[%s of %s] %s", kind, b.CallID, b.Text))
	case model.NativeBlock:
		return clip(string(b.Native), 1000)
	}
	return mediaText(b)
}

// mediaText says what a medium is, without showing it.
func mediaText(b *model.Block) string {
	m := b.Media
	if m == nil {
		return "[" + string(b.Kind) + "]"
	}
	where := m.URL
	switch {
	case m.FileID != "":
		where = "file " + m.FileID
	case where == "":
		where = bytesText(int64(len(m.Data)))
	}
	return "[" + strings.Join(strings.Fields(fmt.Sprint(b.Kind, " ", m.Type, " ", clip(where, 200))), " ") + "]"
}

// feedback prints what people said of the answer.
func (c *tracesShowCmd) feedback(s *session, all []store.Feedback) {
	for _, f := range all {
		fmt.Fprintf(s.Stdout, "\nfeedback of %s:\n", clock(f.Created))
		if f.Rating != nil {
			fmt.Fprintf(s.Stdout, "  rating %v\n", *f.Rating)
		}
		if f.Correction != nil {
			fmt.Fprintf(s.Stdout, "  should have been: %s\n", printable(*f.Correction))
		}
		if f.Outcome != nil {
			fmt.Fprintf(s.Stdout, "  outcome %s: %v\n", printable(f.Outcome.Name), f.Outcome.Value)
		}
		if f.Comment != nil {
			fmt.Fprintf(s.Stdout, "  %s\n", strings.ReplaceAll(printableLines(*f.Comment), "\n", "\n  "))
		}
	}
}
