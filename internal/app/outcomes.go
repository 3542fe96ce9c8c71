// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/internal/config"
	"retort/internal/store"
	"retort/model"
	"retort/tune"
)

// outcomes are what traces say of a blend's parts, by what was asked.
type outcomes struct {
	credit *credit
	scale  *config.Ratings
	rated  map[string]*store.Rated // by trace
	asked  map[[sha256.Size]byte]*question
	unread int
}

// question is one request with the answers to it.
type question struct {
	content  *model.Content
	right    string // the answer that somebody called right; empty: not known
	outcomes map[string]tune.Outcome
	unjudged map[string]tune.Outcome // answers of which nothing was said
}

// mostFeedback bounds how much feedback a tuning reads.
const mostFeedback = 200_000

// longest is how long an answer may be to be right or wrong by its words alone, in bytes.
const longest = 200

// tracedOutcomes makes records of the feedback on answers of a blend and of its parts. Copies that a shadow sent to another part,
// and any answer to the same request, count too where the right answer is known: from a correction, or from a short answer
// with the best rating.
func (a *App) tracedOutcomes(ctx context.Context, p *plant, job *tune.Job, progress func(string, int, int)) ([]string, error) {
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	rows, err := a.store.LatestFeedback(ctx, model.DefaultTenant, mostFeedback)
	if err != nil {
		return nil, err
	}
	o := &outcomes{credit: p.credit(job.Blend, job.Models), rated: map[string]*store.Rated{}, asked: map[[sha256.Size]byte]*question{}}
	if h, ok := p.tunables[job.Blend].(heeder); ok {
		o.scale = h.scale()
	}
	for i := range rows {
		if i%200 == 0 {
			progress("read feedback", i, len(rows))
		}
		o.rated[rows[i].Trace] = &rows[i]
		if trace, err := a.store.Trace(ctx, model.DefaultTenant, rows[i].Trace); err == nil {
			o.add(trace)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	for _, name := range job.Models {
		chosen := store.Filter{Tenant: model.DefaultTenant, Model: name, Status: store.Answered, Content: true}
		for trace, err := range a.store.Traces(ctx, chosen) {
			if trace == nil {
				return nil, err
			}
			if err == nil && o.rated[trace.ID] == nil {
				o.add(trace)
			}
		}
	}
	job.Records = o.records()
	if o.unread > 0 {
		return []string{fmt.Sprintf("%d rated answers were not used: what was asked was not captured", o.unread)}, nil
	}
	return nil, nil
}

func (o *outcomes) add(trace *model.Trace) {
	at := o.credit.of(trace)
	if at < 0 {
		return
	}
	name := o.credit.parts[at]
	said := o.rated[trace.ID]
	content, err := TraceContent(trace)
	if err != nil {
		if said != nil {
			o.unread++
		}
		return
	}
	q := o.question(content)
	text := strings.TrimSpace(trace.Response.Text())
	out := tune.Outcome{Cost: trace.Response.Cost.Dollars(), Answer: text}
	if said == nil {
		if _, twice := q.unjudged[name]; !twice {
			q.unjudged[name] = out
		}
		return
	}
	out.Quality = rewardOf(said, trace.Response.Text(), o.scale)
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

// question returns what is known of a request: of all that ask the same.
func (o *outcomes) question(content *model.Content) *question {
	text, _ := json.Marshal(content.Messages) // it came from JSON
	key := sha256.Sum256(text)
	q := o.asked[key]
	if q == nil {
		q = &question{content: content, outcomes: map[string]tune.Outcome{}, unjudged: map[string]tune.Outcome{}}
		o.asked[key] = q
	}
	return q
}

// records returns the questions with an outcome, in an order that is always the same.
func (o *outcomes) records() []tune.Record {
	var records []tune.Record
	for _, key := range slices.SortedFunc(maps.Keys(o.asked), func(a, b [sha256.Size]byte) int { return slices.Compare(a[:], b[:]) }) {
		q := o.asked[key]
		for name, out := range q.unjudged {
			if _, judged := q.outcomes[name]; !judged && q.right != "" {
				if out.Answer == q.right {
					out.Quality = 1
				}
				q.outcomes[name] = out
			}
		}
		if len(q.outcomes) > 0 {
			records = append(records, tune.Record{Content: q.content, Label: q.right, Outcomes: q.outcomes})
		}
	}
	return records
}
