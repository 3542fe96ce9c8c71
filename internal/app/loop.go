// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"retort/compose"
	"retort/eval/certify"
	"retort/internal/config"
	"retort/internal/desk"
	"retort/internal/store"
	"retort/model"
	"retort/task"
	"retort/wheel"
)

// loop is the wheel of a task in the process that serves it. Package wheel decides who answers a request, what is audited and who is taken
// out; a loop asks students and the teacher accordingly, tells what came of it, and has the store follow: stages, takeouts, and what
// the wheel knows, with which the next process goes on. Requests are numbered by the time at which they came, in nanoseconds since 1970.
//
// Clients wait for Ask and Decide alone. All else is done by one goroutine, the keeper, in the order in which it became known.
type loop struct {
	app   *App
	task  string
	made  makings
	wheel *wheel.Wheel

	contract *task.Task

	latest atomic.Int64 // number of a request that came lately

	mu    sync.Mutex
	tales []tale // that the keeper has not heard
	heir  *loop  // that goes on with the task in this process and hears what this one would; nil: there is none

	// The keeper's own:
	heard   int64             // number of the latest audit that the wheel has been told of
	reign   store.Reign       // of the champion whom the wheel knows
	pupils  map[string]*pupil // by their ids
	events  []wheel.Event     // that the store does not follow yet
	refused map[string]string // students of the store that cannot serve, and why
	dirty   bool              // there is something to keep
	kept    kept

	woken, changed, ending chan struct{} // of capacity 1
	done                   chan struct{}
}

// makings are what a loop is made of. With others a new one is begun, from what the old one knew.
type makings struct {
	options  wheel.Options
	contract contract
}

func makingsOf(d *desk.Desk) makings {
	c, w := &d.Config, d.Config.Wheel
	return makings{wheel.Options{Goal: goalOf(c), Budget: c.Audit.Share, First: w.First, Growth: w.Growth, Judges: w.Judges, Margin: w.Margin, Aside: w.Aside,
		Classless: d.Task.Object != nil, Memory: remembered}, contractOf(d.Task)}
}

func (m makings) same(as makings) bool { return reflect.DeepEqual(m, as) }

// remembered is how many labels a loop knows, by their requests: their texts are in traces. They show which classes changed their meaning.
const remembered = 5000

// tale is what became of a request.
type tale struct {
	ticket  wheel.Ticket
	outcome wheel.Outcome
	audit   int64  // number of its audit; 0: none
	do      func() // not of a request: what the keeper is to do
	// sight, where set, is of a request that another tale is of too: what students say to it is told at once, whatever the teacher takes. waits says
	// that this is that first tale.
	sight *sight
	waits bool
}

// sight is what Also says to a request that has been told of once. It is the keeper's.
type sight struct {
	also  wheel.Said
	asked bool
}

// inquiryKey is the key of the request that a student is asked about.
type inquiryKey struct{}

// inquiry is a request that a student is asked about.
type inquiry struct {
	ticket  wheel.Ticket
	outcome wheel.Outcome
	ask     bool // the teacher is to be asked too
	loop    *loop
	sight   *sight // nil: all is told at once
}

// newInquiry begins a request. Who asks is the slice of the traffic that it is of.
func (l *loop) newInquiry(d *desk.Desk, t wheel.Ticket, req *model.Request) *inquiry {
	on := &inquiry{loop: l, ticket: t, outcome: wheel.Outcome{Slice: req.Key}}
	if t.Also != nil { // it is put all requests, whoever answers them: those that are left alone are no fair sample
		if input, err := d.Task.Input(req); err == nil {
			on.outcome.Text = input
		}
	}
	return on
}

// Answer answers a request that was put to the desk of its task.
func (l *loop) Answer(ctx context.Context, d *desk.Desk, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	t := l.wheel.AskAt(time.Now().UnixNano())
	l.latest.Store(t.Request)
	if t.Serving == nil {
		resp, err := d.Strong().Generate(ctx, req, emit)
		if err == nil {
			l.taught(l.newInquiry(d, t, req), resp)
		}
		return resp, err
	}
	if t.Audited {
		if t.Audited = d.Audited.Free(); t.Audited {
			model.TrailOf(ctx).Draw()
		}
	}
	on := l.newInquiry(d, t, req)
	cascade := compose.Cascade{Cheap: t.Serving.Student.(*pupil), Strong: d.Strong(), Take: takes}
	resp, err := cascade.Generate(context.WithValue(ctx, inquiryKey{}, on), req, emit)
	switch {
	case err != nil:
	case !on.outcome.Given:
		l.taught(on, resp)
	case !on.ask || !d.Audited.Copy(req, resp, func(c compose.Copied) { l.audited(d, on, c) }):
		l.hear(tale{ticket: on.ticket, outcome: on.outcome, sight: on.sight})
	}
	return resp, err
}

// takes decides about what the student said that serves a request.
func takes(ctx context.Context, resp *model.Response) bool {
	on, _ := ctx.Value(inquiryKey{}).(*inquiry)
	on.outcome.Said = wheel.Said{Answer: resp.Text(), Score: resp.Score, Novel: model.TrailOf(ctx).Doubt(resp.Model) == model.WhyNovel}
	decided := on.ticket.Decide(on.outcome.Said)
	on.outcome.Given, on.ask = decided.Give, decided.Ask
	if on.ask {
		on.sight = new(sight)
		on.loop.hear(tale{ticket: on.ticket, outcome: on.outcome, sight: on.sight, waits: true})
		on.outcome.Seen = true
	}
	return decided.Give
}

// taught tells what the teacher answered to a request that was left to it. Of a student that could not be asked it says nothing.
func (l *loop) taught(on *inquiry, resp *model.Response) {
	t := tale{ticket: on.ticket, outcome: on.outcome, sight: on.sight}
	t.outcome.Label = resp.Text()
	if t.outcome.Said == (wheel.Said{}) {
		t.ticket.Serving = nil
	}
	l.hear(t)
}

// audited keeps what the teacher said to a request that a student had answered.
func (l *loop) audited(d *desk.Desk, on *inquiry, c compose.Copied) {
	t := tale{ticket: on.ticket, outcome: on.outcome, sight: on.sight}
	if c.Answer == nil {
		l.hear(t)
		return
	}
	t.outcome.Label = c.Answer.Text()
	row := l.app.auditRow(d, &c)
	row.Picked = !t.ticket.Audited
	l.app.auditor.numbering.Lock()
	defer l.app.auditor.numbering.Unlock()
	var err error
	if t.audit, err = l.app.store.AddAudit(context.Background(), row); err != nil { // it is paid: what came of it is kept, whoever leaves
		l.app.log.Error("an audit cannot be kept", "task", l.task, "student", row.Student, "error", err)
	}
	l.app.auditor.count(l.task, row.Agree)
	l.hear(t)
}

// backlog is how many tales may wait; beyond, those without a label are left out. From crowded on these have no texts, so that no other student
// is asked about them.
const backlog, crowded = 100_000, 2_000

// hear has the keeper told what became of a request.
func (l *loop) hear(t tale) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.do == nil && t.outcome.Label == "" && len(l.tales) >= crowded {
		if t.outcome.Text = ""; len(l.tales) >= backlog {
			return
		}
	}
	if l.heir != nil {
		l.heir.inherit(t)
		return
	}
	if l.tales = append(l.tales, t); len(l.tales) == 1 {
		nudge(l.woken)
	}
}

// leave has another loop go on with the task, and hear what this one did not: of requests and audits that were under way when it ended.
func (l *loop) leave(heir *loop) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heir = heir
	for i := range l.tales {
		heir.inherit(l.tales[i])
	}
	l.tales = nil
}

// inherit hears what the loop before was told. Students are known by their names: their versions were another wheel's.
func (l *loop) inherit(t tale) {
	if v := t.ticket.Serving; v != nil {
		if t.ticket.Serving = l.wheel.Named(v.Name); t.ticket.Serving == nil {
			return
		}
	}
	if v := t.ticket.Also; v != nil {
		t.ticket.Also = l.wheel.Named(v.Name)
	}
	if t.do == nil { // else it is about the other wheel
		l.hear(t)
	}
}

// same, other and unlike are what is told of objects: whether answers are the teacher's, and each other's. They are made of what clients write, which
// only traces keep.
const same, other, unlike = "same", "other", "unlike"

// veiled says in these words what is known of a label, which may be empty, and two answers.
func veiled(label, first, second string) (l, a, b string) {
	if label != "" {
		l = same
	}
	word := func(answer string) string {
		switch answer {
		case label:
			return same
		case first:
			return other
		}
		return unlike
	}
	return l, word(first), word(second)
}

// veil leaves of objects whether they are the same.
func veil(o *wheel.Outcome) {
	o.Label, o.Said.Answer, o.Also.Answer = veiled(o.Label, o.Said.Answer, o.Also.Answer)
}

// nudge leaves a sign, unless there is one.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// goalOf is what a task promises of its students' answers.
func goalOf(c *config.Task) certify.Goal {
	return certify.Goal{Agreement: c.Agreement, Confidence: c.Confidence}
}
