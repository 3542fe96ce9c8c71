// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"retort/compose"
	"retort/eval/certify"
	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
)

// seatOf is a student of a task.
type seatOf struct{ task, student string }

// takeouts are the students that are out, and why.
type takeouts map[seatOf]string

func outOf(rows []store.Takeout) takeouts {
	out := takeouts{}
	for i := range rows {
		out[seatOf{rows[i].Task, rows[i].Student}] = "taken out: " + rows[i].Why
	}
	return out
}

// auditor watches students that serve. It outlives plants.
type auditor struct {
	mu       sync.Mutex // held while an audit is judged
	watches  map[string]*watched
	agreed   map[string]int // by task, in this process
	differed map[string]int

	numbering sync.Mutex // held while an audit of a loop is numbered and told, so that it hears of them in order

	outMu sync.Mutex
	out   takeouts // those that the store may not know yet
}

// count counts an audit that a loop judges.
func (w *auditor) count(task string, agree bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(task, agree)
}

func (w *auditor) add(task string, agree bool) {
	if w.agreed == nil {
		w.agreed, w.differed = map[string]int{}, map[string]int{}
	}
	if agree {
		w.agreed[task]++
	} else {
		w.differed[task]++
	}
}

// watched is the evidence on one student of a task.
type watched struct {
	student          string
	target           float64 // agreement that it is certified for
	watch            *certify.Watch
	compared, agreed int
	fallen           bool // an alarm stays
}

// judge takes whether an answer agreed, and reports whether agreement has fallen.
func (w *watched) judge(agree bool) (fallen bool) {
	w.compared++
	if agree {
		w.agreed++
	}
	if w.watch.Judge(agree) {
		w.fallen = true
	}
	return w.fallen
}

// evidence returns how far the evidence that agreement has fallen has come: the alarm is at 1.
func (w *watched) evidence() float64 { return w.watch.E() / certify.Patience }

// takenOut returns the students that are out: those in the store, and those that it is yet to be told of.
func (a *App) takenOut(ctx context.Context) (takeouts, error) {
	rows, err := a.store.TakenOut(ctx)
	if err != nil {
		return nil, err
	}
	out := outOf(rows)
	a.auditor.outMu.Lock()
	defer a.auditor.outMu.Unlock()
	for seat, why := range a.auditor.out {
		out[seat] = why
	}
	return out, nil
}

// audited judges what a teacher said to a request that a student had answered. It is called from the audit's goroutine.
func (a *App) audited(d *desk.Desk, c compose.Copied) {
	row := a.auditRow(d, &c)
	ctx := context.Background() // the audit is paid: what came of it is kept, whoever leaves
	if fallen := a.judge(ctx, d, &row); fallen != nil {
		a.takeOut(ctx, fallen)
	}
}

// auditRow is what is kept of an audit: of answers only labels, and those where content is captured.
func (a *App) auditRow(d *desk.Desk, c *compose.Copied) store.Audit {
	id, said := strings.TrimPrefix(c.Served.Model, origin.Student(d.Task.Name, "")), c.Answer.Text()
	row := store.Audit{Tenant: cmp.Or(c.Tenant, model.DefaultTenant), Task: d.Task.Name, Student: id, Trace: c.Of, Audit: c.Trace, Agree: said == c.Served.Text, Score: c.Served.Score}
	if d.Task.Object == nil && a.plant.Load().Config.Capture.Content {
		row.Said, row.Taught = c.Served.Text, said
	}
	return row
}

// judge keeps an audit and adds it to the evidence on its student. It returns what is to be kept of a student whose agreement has
// fallen.
func (a *App) judge(ctx context.Context, d *desk.Desk, row *store.Audit) *store.Takeout {
	w := &a.auditor
	w.mu.Lock()
	defer w.mu.Unlock()
	watch, err := a.watchOver(ctx, d) // before the audit is in the store, so that it counts once
	_, kept := a.store.AddAudit(ctx, *row)
	if err = errors.Join(err, kept); err != nil {
		a.log.Error("an audit cannot be kept or judged", "task", row.Task, "student", row.Student, "error", err)
	}
	w.add(row.Task, row.Agree)
	if watch == nil || watch.student != row.Student || !watch.judge(row.Agree) {
		return nil
	}
	return a.fallen(d, watch)
}

// watchOver returns the evidence on the student that serves at a desk, from the store when it is not at hand; nil when none serves.
func (a *App) watchOver(ctx context.Context, d *desk.Desk) (*watched, error) {
	now, w := d.Now(), &a.auditor
	if now.Target == 0 {
		return nil, nil
	}
	if known := w.watches[d.Task.Name]; known != nil && known.student == now.Champion {
		return known, nil
	}
	found := &watched{student: now.Champion, target: now.Target, watch: certify.NewWatch(now.Target, certify.Patience)}
	if err := a.store.Verdicts(ctx, d.Task.Name, now.Champion, func(agree bool) { found.judge(agree) }); err != nil {
		return nil, err
	}
	if w.watches == nil {
		w.watches = map[string]*watched{}
	}
	w.watches[d.Task.Name] = found
	return found, nil
}

// Fall is the evidence that a student's agreement with its teacher has fallen.
type Fall struct {
	Target   float64 `json:"target"`
	Compared int     `json:"compared"` // audits since the student began to serve or was last put back
	Agreed   int     `json:"agreed"`
	Evidence float64 `json:"evidence"` // the alarm is at 1
	Patience int     `json:"patience"` // audits that pass on average, at least, between false alarms
}

func (a *App) fallen(d *desk.Desk, w *watched) *store.Takeout {
	fall := Fall{Target: w.target, Compared: w.compared, Agreed: w.agreed, Evidence: w.evidence(), Patience: certify.Patience}
	text, err := json.Marshal(fall)
	if err != nil { // an infinite number; the words say the rest
		text = []byte("{}")
	}
	return &store.Takeout{Tenant: model.DefaultTenant, Task: d.Task.Name, Student: w.student, Evidence: text,
		Why: fmt.Sprintf("of %d audited answers %d agreed with the teacher, and %s are wanted", fall.Compared, fall.Agreed, percentText(fall.Target))}
}

func percentText(x float64) string { return fmt.Sprintf("%.4g %%", 100*x) }

// takeOut takes a student out, from the next request on, and keeps that. Where it cannot be kept the student stays out in this
// process, and the next one finds the evidence again.
func (a *App) takeOut(ctx context.Context, t *store.Takeout) {
	seat, why := seatOf{t.Task, t.Student}, "taken out: "+t.Why
	a.auditor.outMu.Lock()
	_, known := a.auditor.out[seat]
	if a.auditor.out == nil {
		a.auditor.out = takeouts{}
	}
	a.auditor.out[seat] = why
	a.auditor.outMu.Unlock()
	if known {
		return
	}
	a.unseat(t, why)
	a.log.Error("a student is taken out; the teacher answers", "task", t.Task, "student", t.Student, "why", t.Why,
		"hint", "retort tasks show "+t.Task+"; to put it back all the same: retort tasks resume "+t.Task)
	if err := a.store.TakeOut(ctx, *t); err != nil {
		a.log.Error("that a student is out cannot be kept; it stays out while this process runs", "task", t.Task, "student", t.Student, "error", err)
		return
	}
	// A configuration that was being taken up may have read the store before, and served since.
	a.reloading.Lock()
	a.unseat(t, why)
	a.reloading.Unlock()
	a.auditor.mu.Lock()
	delete(a.auditor.watches, t.Task)
	a.auditor.mu.Unlock()
	a.auditor.outMu.Lock()
	delete(a.auditor.out, seat) // the store knows, and is told when it is put back
	a.auditor.outMu.Unlock()
}

// unseat has the teacher answer instead of a student that serves now.
func (a *App) unseat(t *store.Takeout, why string) {
	if d := a.plant.Load().Desks[t.Task]; d != nil {
		d.Unseat(t.Student, why)
	}
}

// recallAudits looks whether the evidence in the store is enough to take students out that serve: a process that was killed may have
// left it so.
func (a *App) recallAudits(ctx context.Context) {
	for name, d := range a.plant.Load().Desks {
		if d.Config.Wheel != nil { // its loop has the evidence
			continue
		}
		a.auditor.mu.Lock()
		w, err := a.watchOver(ctx, d)
		var fallen *store.Takeout
		if err == nil && w != nil && w.fallen {
			fallen = a.fallen(d, w)
		}
		a.auditor.mu.Unlock()
		if err != nil {
			a.log.Error("audits cannot be read; a student is watched from the next one on", "task", name, "error", err)
		}
		if fallen != nil {
			a.takeOut(ctx, fallen)
		}
	}
}

// recallSpent counts what audits cost today before the process started.
func (a *App) recallSpent(ctx context.Context) {
	today := now().UTC().Truncate(24 * time.Hour)
	for name, d := range a.plant.Load().Desks {
		if d.Audited == nil || d.Config.Audit.PerDay == 0 {
			continue
		}
		cost, err := a.store.Spent(ctx, name, model.Auditing, today)
		if err != nil {
			a.log.Error("what audits cost today cannot be read; the day's money begins anew", "task", name, "error", err)
			continue
		}
		d.Audited.Spent(today, cost)
	}
}

// Resume puts the champion of a task back that was taken out, and returns its id. It is a person's decision: what audits said of it
// counts no more. Where a canary answers in its place it is refused, unless force says that this is to end.
func (a *App) Resume(ctx context.Context, task string, force bool) (string, error) {
	d := a.plant.Load().Desks[task]
	if d == nil {
		return "", a.noSuchTask(task)
	}
	if d.Config.Wheel != nil && !force {
		r, err := a.lastReport(ctx, d)
		if err != nil {
			return "", err
		}
		if r != nil && r.Canary != "" {
			return "", &answeredError{task, r.Canary}
		}
	}
	rows, err := a.store.Champions(ctx)
	if err != nil {
		return "", err
	}
	for i := range rows {
		if rows[i].Task != task || rows[i].Tenant != model.DefaultTenant {
			continue
		}
		was, err := a.store.PutBack(ctx, model.DefaultTenant, task, rows[i].ID)
		if err == nil && !was {
			err = &notOutError{task, rows[i].ID}
		}
		return rows[i].ID, err
	}
	return "", &notOutError{task: task}
}

// answeredError says that putting a champion back would end a student that answers.
type answeredError struct{ task, canary string }

func (e *answeredError) Error() string {
	return fmt.Sprintf("the wheel of task %q is not paused, and canary %s answers a share of its requests", e.task, e.canary)
}
func (e *answeredError) Hint() string {
	return "there is nothing to resume; --force ends the canary and puts the champion back that was taken out"
}

// notOutError says that there is nothing to put back.
type notOutError struct{ task, student string }

func (e *notOutError) Error() string {
	if e.student == "" {
		return fmt.Sprintf("task %q has no champion", e.task)
	}
	return fmt.Sprintf("the champion of task %q, %s, was not taken out", e.task, e.student)
}
func (e *notOutError) Hint() string { return "retort tasks show " + e.task + " shows who answers" }

// auditMetrics counts the audits of tasks. What became of copies begins anew with a reload.
type auditMetrics struct {
	app                   *App
	audits, evidence, out *prometheus.Desc
	watches, canary, left *prometheus.Desc
}

func newAuditMetrics(a *App) auditMetrics {
	return auditMetrics{a,
		prometheus.NewDesc("retort_audits_total", "Answers of a student that were put to the teacher too, by what came of it: agreed, differed, failed, or dropped for a limit.", []string{"task", "outcome"}, nil),
		prometheus.NewDesc("retort_audit_evidence", "Evidence that the agreement of the student with its teacher has fallen; it is taken out at 1.", []string{"task"}, nil),
		prometheus.NewDesc("retort_student_out", "1 while the champion of a task is taken out.", []string{"task"}, nil),
		prometheus.NewDesc("retort_wheel_evidence", "Evidence of the watches of a task that turns, each of what an alarm takes: service, unrest, input, teacher.", []string{"task", "watch"}, nil),
		prometheus.NewDesc("retort_wheel_canary_share", "Share of a task's requests that a canary answers.", []string{"task"}, nil),
		prometheus.NewDesc("retort_wheel_classes_out", "Labels that are left to the teacher since the student's answers no longer agree.", []string{"task"}, nil)}
}

// Describe names the metrics.
func (m auditMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.audits
	ch <- m.evidence
	ch <- m.out
	ch <- m.watches
	ch <- m.canary
	ch <- m.left
}

// Collect counts.
func (m auditMetrics) Collect(ch chan<- prometheus.Metric) {
	w := &m.app.auditor
	for name, d := range m.app.plant.Load().Desks {
		if d.Audited == nil {
			continue
		}
		copies := d.Audited.Counts()
		w.mu.Lock()
		outcomes := map[string]int{"agreed": w.agreed[name], "differed": w.differed[name], "failed": copies.Failed,
			"dropped_concurrent": copies.DroppedConcurrent, "dropped_per_day": copies.DroppedMoney}
		evidence := 0.0
		if watch := w.watches[name]; watch != nil {
			evidence = watch.evidence()
		}
		w.mu.Unlock()
		for outcome, n := range outcomes {
			ch <- prometheus.MustNewConstMetric(m.audits, prometheus.CounterValue, float64(n), name, outcome)
		}
		if l := loopAt(d); l != nil {
			now := l.wheel.Status()
			evidence = now.Service
			for watch, e := range map[string]float64{"service": now.Service, "unrest": now.Unrest, "input": now.Input, "teacher": now.Teacher} {
				ch <- prometheus.MustNewConstMetric(m.watches, prometheus.GaugeValue, e, name, watch)
			}
			ch <- prometheus.MustNewConstMetric(m.canary, prometheus.GaugeValue, now.Share, name)
			ch <- prometheus.MustNewConstMetric(m.left, prometheus.GaugeValue, float64(len(now.Out)), name)
		}
		out := 0.0
		if d.Now().Out { // its evidence is kept with the reason, and gathered no more
			out, evidence = 1, max(1, evidence)
		}
		ch <- prometheus.MustNewConstMetric(m.evidence, prometheus.GaugeValue, evidence, name)
		ch <- prometheus.MustNewConstMetric(m.out, prometheus.GaugeValue, out, name)
	}
}
