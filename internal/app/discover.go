// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/distill"
	"retort/eval/certify"
	"retort/internal/config"
	"retort/internal/store"
	"retort/model"
	"retort/task/discover"
)

// DiscoverOptions say which traffic to look through.
type DiscoverOptions struct {
	Since, Until time.Time // zero: any
	Tenant       string    // empty: the default one
	Limit        int       // calls, the latest; default 50,000
	Least        int       // calls that a task has at least; default 50
	Goal         certify.Goal

	Progress func(stage string, done, total int) // may be nil

	bytes int // of text that is looked at; default discoverBytes
}

// Discovered is what traffic holds.
type Discovered struct {
	Calls      int         `json:"calls"`      // that were looked at
	Configured int         `json:"configured"` // further ones, to tasks of the configuration
	Unread     int         `json:"unread"`     // further ones without captured content, or with more or less than text
	Days       float64     `json:"days"`       // between the first and the last
	Proposals  []*Proposal `json:"proposals"`  // what could be distilled, most money saved first
	Others     []*Proposal `json:"others"`     // groups that cannot, each with why
	Loose      int         `json:"loose"`      // calls in none of them
	Older      int         `json:"older"`      // calls that were left out for lack of memory: earlier ones than all that were looked at
}

// Proposal is a task that traffic holds.
type Proposal struct {
	Name     string               `json:"name"`
	Found    string               `json:"found_by"` // template or meaning
	Template []discover.Message   `json:"template"`
	Further  [][]discover.Message `json:"further_templates,omitempty"` // of the same task, asked in other words
	Words    []string             `json:"words,omitempty"`             // without a template: that tell its calls from others
	Contract discover.Contract    `json:"contract"`
	Calls    int                  `json:"calls"`
	Model    string               `json:"model"` // that most calls were put to: the teacher
	Cost     model.Money          `json:"cost_usd"`
	Latency  time.Duration        `json:"latency_p50_ns"`

	Status    certify.Status `json:"status,omitempty"` // of a student that was distilled to see; empty when none was
	Examples  int            `json:"examples,omitempty"`
	Coverage  float64        `json:"coverage"`             // share of the calls that it would answer
	Certified float64        `json:"certified_agreement"`  // with the teacher, among those
	Saved     model.Money    `json:"would_have_saved_usd"` // of what these calls cost
	Saves     model.Money    `json:"saves_usd_per_month"`  // at the rate of these calls; 0 where they are of less than an hour
	Why       string         `json:"why_not,omitempty"`    // why it cannot be distilled, or is silent
	Written   bool           `json:"written,omitempty"`    // added to the configuration
	File      string         `json:"file,omitempty"`       // of its examples, where they were written
	task      *config.Task
	examples  []dataset.Example
}

const (
	discoverCalls = 50_000
	discoverBytes = 128 << 20 // of text that is looked at: it takes about ten times as much memory
	trialExamples = 6_000     // of one group, the latest: enough to tell what a student is worth
	month         = 30 * 24 * time.Hour
)

// recorded is a call as discovery sees it.
type recorded struct {
	call  discover.Call
	model string
	cost  model.Money
	took  time.Duration
	start time.Time
}

// Discover looks through captured traffic for tasks that a student could learn, and distils one of each to see what it
// would be worth. It registers nothing.
func (a *App) Discover(ctx context.Context, o DiscoverOptions) (*Discovered, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	if o.Limit <= 0 {
		o.Limit = discoverCalls
	}
	o.bytes = cmp.Or(o.bytes, discoverBytes)
	found := &Discovered{Proposals: []*Proposal{}, Others: []*Proposal{}}
	calls, err := a.recorded(ctx, &o, found)
	if err != nil {
		return nil, err
	}
	found.Calls = len(calls)
	if len(calls) == 0 {
		return nil, &noTrafficError{found.Configured, found.Unread}
	}
	period := calls[len(calls)-1].start.Sub(calls[0].start)
	found.Days = period.Hours() / 24
	o.Progress("templates", 0, len(calls))
	asked := make([]discover.Call, len(calls))
	for i := range calls {
		asked[i] = calls[i].call
	}
	found.Loose = len(calls)
	names := a.names()
	groups, err := discover.Find(ctx, asked, discover.Options{Least: o.Least})
	if err != nil {
		return nil, fmt.Errorf("find tasks: %w", err)
	}
	for _, g := range groups {
		found.Loose -= len(g.Calls)
		p := propose(&g, calls, a.plant.Load().Config.Models)
		p.Name = nameOf(p.described(), names)
		names[p.Name] = true
		if p.Contract.Kind == discover.Text {
			p.Why = p.Contract.Why
			found.Others = append(found.Others, p)
			continue
		}
		if err := p.try(ctx, &g, asked, &o); err != nil {
			return nil, err
		}
		p.Saved = model.Money(float64(p.Cost) * p.Coverage)
		p.Saves = perMonth(p.Saved, period)
		if p.task == nil {
			found.Others = append(found.Others, p)
			continue
		}
		found.Proposals = append(found.Proposals, p)
	}
	slices.SortStableFunc(found.Proposals, func(a, b *Proposal) int {
		return cmp.Or(cmp.Compare(b.Saved, a.Saved), cmp.Compare(b.Coverage*float64(b.Calls), a.Coverage*float64(a.Calls)))
	})
	return found, nil
}

// perMonth scales what was paid in a period to a month. A period of less than an hour is too short to say.
func perMonth(paid model.Money, period time.Duration) model.Money {
	if period < time.Hour {
		return 0
	}
	return model.Money(float64(paid) * float64(month) / float64(period))
}

// recorded reads the latest answered calls to models, the earliest first.
func (a *App) recorded(ctx context.Context, o *DiscoverOptions, found *Discovered) ([]recorded, error) {
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	filter := store.Filter{Tenant: cmp.Or(o.Tenant, model.DefaultTenant), Since: o.Since, Until: o.Until, Status: store.Answered}
	total, err := a.store.Count(ctx, filter)
	if err != nil {
		return nil, err
	}
	tasks := a.plant.Load().Desks
	var latest []recorded // those from first on count
	read, first, bytes := 0, 0, 0
	for trace, err := range a.store.Traces(ctx, filter) {
		if trace == nil {
			return nil, err
		}
		if read++; read%1000 == 0 {
			o.Progress("read traces", read, max(read, total))
		}
		if tasks[trace.Model] != nil {
			found.Configured++
			continue
		}
		call, ok := callOf(trace)
		if err != nil || !ok {
			found.Unread++
			continue
		}
		latest = append(latest, recorded{call, trace.Model, trace.Cost, trace.Duration, trace.Start})
		bytes += sizeOf(&call)
		for len(latest)-first > o.Limit || bytes > o.bytes && len(latest)-first > 1 {
			if bytes > o.bytes {
				found.Older++
			}
			bytes -= sizeOf(&latest[first].call)
			latest[first] = recorded{}
			first++
		}
		if first > len(latest)/2 && first > 1000 {
			latest, first = slices.Delete(latest, 0, first), 0
		}
	}
	ring := latest[first:]
	slices.SortStableFunc(ring, func(a, b recorded) int { return a.start.Compare(b.start) })
	return ring, nil
}

// sizeOf is how many bytes of text a call has.
func sizeOf(c *discover.Call) int {
	n := len(c.Answer)
	for _, m := range c.Messages {
		n += len(m.Text)
	}
	return n
}

// callOf reads what a trace asked and what was answered. Not ok when either is not text alone.
func callOf(t *model.Trace) (discover.Call, bool) {
	content, err := TraceContent(t)
	if err != nil || t.Response == nil || len(t.Response.Choices) == 0 {
		return discover.Call{}, false
	}
	answer := t.Response.Choices[0].Message.Text()
	if answer == "" {
		return discover.Call{}, false
	}
	call := discover.Call{Answer: answer, Model: t.Model}
	for i := range content.Messages {
		m := &content.Messages[i]
		text, ok := m.Transcript()
		if !ok {
			return discover.Call{}, false
		}
		call.Messages = append(call.Messages, discover.Message{Role: string(m.Role), Text: text})
	}
	return call, len(call.Messages) > 0
}

// names returns the names that are taken.
func (a *App) names() map[string]bool {
	taken := map[string]bool{}
	p := a.plant.Load()
	for name := range p.Config.Models {
		taken[name] = true
	}
	for name := range p.Config.Tasks {
		taken[name] = true
	}
	return taken
}

// propose sums a group up. Its model is the one of the configuration that most calls were put to, and none where none of them is there
// any more.
func propose[M any](g *discover.Group, calls []recorded, models map[string]M) *Proposal {
	p := &Proposal{Found: g.Found, Template: g.Template, Further: g.Further, Words: g.Words, Contract: g.Contract, Calls: len(g.Calls)}
	by := map[string]int{}
	times := make([]time.Duration, 0, len(g.Calls))
	for _, c := range g.Calls {
		r := &calls[c]
		p.Cost += r.cost
		if _, configured := models[r.model]; configured {
			by[r.model]++
		}
		times = append(times, r.took)
		if n := by[r.model]; n > by[p.Model] || n > 0 && n == by[p.Model] && r.model < p.Model {
			p.Model = r.model
		}
	}
	slices.Sort(times)
	p.Latency = times[len(times)/2]
	return p
}

// try distils a student of a group and notes what it would be worth. What a group's examples lack is no error: it is why
// it cannot be distilled.
func (p *Proposal) try(ctx context.Context, g *discover.Group, calls []discover.Call, o *DiscoverOptions) error {
	if p.Model == "" {
		p.Why = "none of the models that the calls were put to is in the configuration"
		return nil
	}
	draft := p.draft()
	t, err := draft.Contract(p.Name)
	if err != nil {
		p.Why = err.Error()
		return nil
	}
	job := distill.Job{Task: t, Refine: refine.Plan{}, Goal: certify.Goal{Agreement: cmp.Or(o.Goal.Agreement, draft.Agreement), Confidence: cmp.Or(o.Goal.Confidence, draft.Confidence)},
		Teachers: []string{p.Model}, Created: time.Now().UTC().Truncate(time.Second), Seed: 1}
	job.Progress = func(stage string, done, total int) { o.Progress(p.Name+": "+stage, done, total) }
	for i, c := range g.Calls {
		answer, err := t.Read(g.Inputs[i], calls[c].Answer)
		if err == nil && g.Inputs[i] != "" {
			p.examples = append(p.examples, dataset.Example{Text: g.Inputs[i], Label: answer})
		}
	}
	job.Examples = slices.Clone(p.examples[max(0, len(p.examples)-trialExamples):])
	outcome, err := distill.Run(ctx, job)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		p.Why = err.Error()
		return nil
	}
	r := &outcome.Report
	p.task, p.Status, p.Examples, p.Coverage, p.Certified = draft, r.Status, r.TrainExamples, r.Coverage, r.Lower
	if r.Status == certify.Silent {
		p.Why = r.Certificate.Reason
	}
	return nil
}

// draft is the task as the configuration would have it.
func (p *Proposal) draft() *config.Task {
	t := &config.Task{Instructions: p.instructions(), Teacher: config.Teachers{p.Model}, Agreement: 0.95, Confidence: 0.95}
	if p.Contract.Kind == discover.Labels {
		t.Output.Enum = p.Contract.Labels
	} else {
		t.Output.Schema = config.NewDocument(string(p.Contract.Schema()))
	}
	return t
}

// described are the words that a name is made of.
func (p *Proposal) described() []discover.Message {
	if p.Found == discover.ByMeaning {
		return []discover.Message{{Text: strings.Join(p.Words, " ")}}
	}
	return p.Template
}

// instructions are the constant parts of the template, in words for a language model. Where there is none they say no more than
// the contract does.
func (p *Proposal) instructions() string {
	if p.Found == discover.ByMeaning {
		if p.Contract.Kind == discover.Labels {
			return "Say which of the labels the text has."
		}
		return "Say what the text has of the fields."
	}
	var parts []string
	for _, m := range p.Template {
		if text := strings.TrimSpace(strings.ReplaceAll(m.Text, discover.SlotMark, "")); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n\n")
}

var plainWord = regexp.MustCompile(`[A-Za-z]{4,}`)

// dull are words of templates that say nothing of the task.
var dull = map[string]bool{"answer": true, "assistant": true, "helpful": true, "label": true, "following": true, "please": true, "text": true,
	"what": true, "with": true, "this": true, "that": true, "from": true, "into": true, "your": true, "only": true, "alone": true, "word": true, "above": true,
	"below": true, "kind": true, "today": true, "find": true, "classify": true, "read": true, "asked": true, "wanted": true, "question": true, "input": true, "output": true}

// nameOf makes a name of a template's words that is not taken.
func nameOf(template []discover.Message, taken map[string]bool) string {
	var words []string
	for _, m := range template {
		for _, w := range plainWord.FindAllString(strings.ReplaceAll(m.Text, discover.SlotMark, " "), -1) {
			if w = strings.ToLower(w); !dull[w] && !slices.Contains(words, w) && len(words) < 3 {
				words = append(words, w)
			}
		}
	}
	base := cmp.Or(strings.Join(words, "-"), "task")
	name := base
	for i := 2; taken[name]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	return name
}

// noTrafficError says that there is nothing to look through.
type noTrafficError struct{ configured, unread int }

func (e *noTrafficError) Error() string {
	return fmt.Sprintf("no recorded calls to look through: %d were to tasks of the configuration, %d have no captured text", e.configured, e.unread)
}

func (e *noTrafficError) Hint() string {
	return "send traffic through retort serve, with capture of content on; --since and --tenant choose which"
}

var errNoDraft = errors.New("nothing was found that could be added to the configuration")
