// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/compose"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/internal/plant"
	"retort/internal/store"
	"retort/model"
	"retort/tune"
)

// outcomes are what traces say of a blend's parts, by what was asked.
type outcomes struct {
	credit *origin.Credit
	parts  []string // of the blend; credit tells their places
	scale  *config.Ratings
	rated  map[string]*store.Rated // by trace
	asked  map[[sha256.Size]byte]*question
	room   int // bytes of requests and answers that may still be kept
	unread int
	left   int // ratings and answers for which there was no room
}

// question is one request with the answers to it.
type question struct {
	content  *model.Content
	right    string // the answer that somebody called right; empty: not known
	outcomes map[string]tune.Outcome
}

// mostAsked bounds how much of what was asked and answered a tuning holds in memory, in bytes as it was sent.
const mostAsked = 256 << 20

// mostFeedback bounds how much feedback a tuning reads.
const mostFeedback = 200_000

// longest is how long an answer may be to be right or wrong by its words alone, in bytes.
const longest = 200

// tracedOutcomes makes records of the feedback on answers of a blend and of its parts. Copies that a shadow sent to another part,
// and any answer to the same request, count too where the right answer is known: from a correction, or from a short answer
// with the best rating.
//
// Two requests are the same when they agree in all that can change the answer, as an exact cache has it, and may then differ in whom
// they ask. What is held in memory is bounded by what was said, mostFeedback and mostAsked, not by how many traces there are: those
// are read one by one, and of what nothing was said only answers to requests with a known right answer are kept.
func (a *App) tracedOutcomes(ctx context.Context, p *plant.Plant, job *tune.Job, parts []string, progress func(string, int, int)) ([]string, error) {
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	rows, err := a.store.LatestFeedback(ctx, model.DefaultTenant, mostFeedback)
	if err != nil {
		return nil, err
	}
	o := &outcomes{parts: parts, credit: origin.CreditOf(p.Config, job.Blend, parts), rated: map[string]*store.Rated{}, asked: map[[sha256.Size]byte]*question{}, room: mostAsked}
	if h, ok := p.Tunables[job.Blend].(plant.Heeder); ok {
		o.scale = h.Scale()
	}
	for i := range rows {
		if i%200 == 0 {
			progress("read feedback", i, len(rows))
		}
		o.rated[rows[i].Trace] = &rows[i]
		if trace, err := a.store.Trace(ctx, model.DefaultTenant, rows[i].Trace); err == nil {
			o.judged(trace)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if err := a.unratedOutcomes(ctx, parts, o, progress); err != nil {
		return nil, err
	}
	job.Records = o.records()
	return o.notes(len(rows)), nil
}

// unratedOutcomes adds answers of which nothing was said to requests whose right answer is known.
func (a *App) unratedOutcomes(ctx context.Context, parts []string, o *outcomes, progress func(string, int, int)) error {
	if !o.knowsRight() {
		return nil
	}
	for i, name := range parts {
		progress("read traces", i, len(parts))
		chosen := store.Filter{Tenant: model.DefaultTenant, Model: name, Status: store.Answered, Content: true}
		for trace, err := range a.store.Traces(ctx, chosen) {
			if trace == nil {
				return err
			}
			if err == nil && o.rated[trace.ID] == nil {
				o.unjudged(trace)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// notes says what was left out.
func (o *outcomes) notes(rows int) []string {
	var notes []string
	if o.unread > 0 {
		notes = append(notes, fmt.Sprintf("%d rated answers were not used: what was asked was not captured", o.unread))
	}
	if o.left > 0 {
		notes = append(notes, fmt.Sprintf("%d older ratings and answers were not used: the requests and answers before them have %d MiB, which is the most that is held", o.left, mostAsked>>20))
	}
	if rows == mostFeedback {
		notes = append(notes, fmt.Sprintf("the latest %d ratings were read, and none before", mostFeedback))
	}
	return notes
}

// judged adds an answer of which something was said.
func (o *outcomes) judged(trace *model.Trace) {
	at := o.credit.Of(trace)
	if at < 0 {
		return
	}
	name, said := o.parts[at], o.rated[trace.ID]
	q, err := o.question(trace)
	switch {
	case err != nil:
		o.unread++
		return
	case q == nil:
		o.left++
		return
	}
	text := strings.TrimSpace(trace.Response.Text())
	if !o.hold(len(text)) {
		o.left++
		return
	}
	out := tune.Outcome{Cost: trace.Response.Cost.Dollars(), Answer: text, Quality: rewardOf(said, trace.Response.Text(), o.scale)}
	if _, twice := q.outcomes[name]; !twice {
		q.outcomes[name] = out
	}
	switch {
	case said.Correction != nil:
		q.right = strings.TrimSpace(*said.Correction)
	case out.Quality == 1 && len(text) <= longest && q.right == "":
		q.right = text
	}
}

// unjudged adds an answer of which nothing was said, where it is known what is right.
func (o *outcomes) unjudged(trace *model.Trace) {
	at := o.credit.Of(trace)
	if at < 0 {
		return
	}
	key, err := questionOf(trace)
	if err != nil {
		return
	}
	q := o.asked[key]
	if q == nil || q.right == "" {
		return
	}
	name := o.parts[at]
	if _, twice := q.outcomes[name]; twice {
		return
	}
	out := tune.Outcome{Cost: trace.Response.Cost.Dollars(), Answer: strings.TrimSpace(trace.Response.Text())}
	if !o.hold(len(out.Answer)) {
		o.left++
		return
	}
	if out.Answer == q.right {
		out.Quality = 1
	}
	q.outcomes[name] = out
}

func (o *outcomes) knowsRight() bool {
	for _, q := range o.asked {
		if q.right != "" {
			return true
		}
	}
	return false
}

// hold says whether there is room for so many bytes more, and takes it.
func (o *outcomes) hold(bytes int) bool {
	if bytes > o.room {
		return false
	}
	o.room -= bytes
	return true
}

// question returns what is known of what a trace asks; nil when there is no room for another.
func (o *outcomes) question(trace *model.Trace) (*question, error) {
	key, err := questionOf(trace)
	if err != nil {
		return nil, err
	}
	if q := o.asked[key]; q != nil {
		return q, nil
	}
	content, err := TraceContent(trace)
	if err != nil || !o.hold(len(trace.Body)) {
		return nil, err
	}
	q := &question{content: content, outcomes: map[string]tune.Outcome{}}
	o.asked[key] = q
	return q, nil
}

// questionOf returns the hash of what a trace asks, whomever it asks. Headers and strictness are not on a trace, and do not count.
func questionOf(trace *model.Trace) ([sha256.Size]byte, error) {
	req := &model.Request{Tenant: trace.Tenant}
	switch {
	case len(trace.Body) == 0:
		return [sha256.Size]byte{}, errNoContent
	case trace.Dialect == "":
		content, err := TraceContent(trace)
		if err != nil {
			return [sha256.Size]byte{}, err
		}
		content.IncludeUsage = false
		req = model.NewRequest("", content)
		req.Tenant = trace.Tenant
	default:
		req.Wire = model.NewWire(trace.Dialect, trace.Body, nil, nil)
	}
	return compose.Question(req)
}

// records returns the questions with an outcome, in an order that is always the same.
func (o *outcomes) records() []tune.Record {
	var records []tune.Record
	for _, key := range slices.SortedFunc(maps.Keys(o.asked), func(a, b [sha256.Size]byte) int { return slices.Compare(a[:], b[:]) }) {
		q := o.asked[key]
		if len(q.outcomes) > 0 {
			records = append(records, tune.Record{Content: q.content, Label: q.right, Outcomes: q.outcomes})
		}
	}
	return records
}
