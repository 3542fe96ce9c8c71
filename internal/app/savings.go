// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/savings"
	"retort/internal/store"
	"retort/internal/suggest"
	"retort/model"
)

// Who answers a task's requests.
const (
	ByStudent = "student" // a student of the task
	ByMemory  = "memory"  // what its teacher had answered to a similar input
	ByCache   = "cache"   // what its teacher had answered to the same request; it cost nothing
	ByTeacher = "teacher" // its teacher, or what answers for it
)

// Answers are the requests that one model answered.
type Answers struct {
	By       string        `json:"by"` // ByStudent and so on
	Model    string        `json:"model"`
	Requests int           `json:"requests"`
	Cost     model.Money   `json:"cost"`
	Mean     time.Duration `json:"mean_ns"` // what an answer took on average
}

// Spending is what Retort asked for a task by itself.
type Spending struct {
	Purpose  model.Work  `json:"purpose"`
	Requests int         `json:"requests"`
	Failed   int         `json:"failed,omitempty"`
	Cost     model.Money `json:"cost"`
}

// Serving is who is at a task's desk.
type Serving struct {
	Student   string  `json:"student"`             // id of the champion; empty: the teacher answers alone
	Status    string  `json:"status,omitempty"`    // of its certificate
	Agreement float64 `json:"agreement,omitempty"` // with the teacher that it is certified for, among what it answers
	Coverage  float64 `json:"coverage,omitempty"`  // share that it was expected to answer when it was certified
	Silent    string  `json:"silent,omitempty"`    // why it answers nothing
	Out       bool    `json:"out,omitempty"`       // it is silent because its audits took it out
	// Canary is the id of a student that answers a share; empty: there is none. CanaryShare is that share as the process that serves said last; null: none has.
	Canary      string   `json:"canary,omitempty"`
	CanaryShare *float64 `json:"canary_share,omitempty"`
}

// Audits are comparisons of what students answered clients with what the teacher says to the same.
type Audits struct {
	Compared  int              `json:"compared"`
	Agreed    int              `json:"agreed"`
	Agreement savings.Estimate `json:"agreement"`
	// Champion are those of the champion that count for or against it, whenever they were: since it was last put back. Null: none do.
	Champion *Audits `json:"champion,omitempty"`
}

// Measured is how answers did by a measure of the client's, as feedback has it.
type Measured struct {
	Measure string  `json:"measure"`
	By      string  `json:"by"`
	Model   string  `json:"model"`
	Answers int     `json:"answers"` // with an outcome
	Mean    float64 `json:"mean"`
}

// TaskLabels are what there is to learn from.
type TaskLabels struct {
	Asked     int `json:"asked"`     // answers of teachers that were asked for labels
	Served    int `json:"served"`    // answers of the teacher that clients got
	Corrected int `json:"corrected"` // answers that people corrected
}

// Saved is what not asking the teacher spared, net of what learning and watching cost.
type Saved struct {
	// Spared is what the requests that the teacher did not answer would have cost, less what they did cost, in US dollars.
	Spared savings.Estimate `json:"spared_usd"`
	// Net is Spared less all Spending.
	Net savings.Estimate `json:"net_usd"`
	// Seconds is how much sooner answers came, all together.
	Seconds savings.Estimate `json:"spared_seconds"`
	Basis   string           `json:"basis"`          // which requests say what the teacher would have taken
	Known   int              `json:"basis_requests"` // how many those are
}

// TaskSavings is what a task's requests took in a span of time, and what they would have taken with its teacher alone.
type TaskSavings struct {
	Task    string     `json:"task"`
	Tenant  string     `json:"tenant"`
	Since   *time.Time `json:"since,omitempty"` // null: from the beginning
	Until   *time.Time `json:"until,omitempty"` // null: up to now
	Teacher []string   `json:"teacher"`

	Requests int         `json:"requests"`
	Failed   int         `json:"failed"`
	Cost     model.Money `json:"cost"`     // of all that clients asked
	Answers  []Answers   `json:"answers"`  // the most first
	Spending []Spending  `json:"spending"` // of what Retort asked by itself
	Serving  Serving     `json:"serving"`
	Audits   *Audits     `json:"audits,omitempty"` // null: there are none
	Outcomes []Measured  `json:"outcomes,omitempty"`
	Labels   TaskLabels  `json:"labels"`
	Students int         `json:"students"` // made so far
	Training float64     `json:"training_seconds"`
	Saved    *Saved      `json:"saved,omitempty"` // null: too few answers of the teacher are known
	Wheel    *WheelState `json:"wheel,omitempty"` // null: the task does not turn by itself
	Notes    []string    `json:"notes,omitempty"`
}

// SavingsOptions choose what is counted.
type SavingsOptions struct {
	Tenant       string    // empty: the default one
	Since, Until time.Time // when the requests began; zero: any
}

// TaskSavings returns what each task of the configuration took and saved, by name.
func (a *App) TaskSavings(ctx context.Context, o SavingsOptions) ([]*TaskSavings, error) {
	out := []*TaskSavings{}
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	tasks := a.plant.Load().Desks
	for _, name := range slices.Sorted(maps.Keys(tasks)) {
		t, err := a.taskSavings(ctx, tasks[name], o)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// OneTaskSavings returns what one task of the configuration took and saved.
func (a *App) OneTaskSavings(ctx context.Context, name string, o SavingsOptions) (*TaskSavings, error) {
	d := a.plant.Load().Desks[name]
	if d == nil {
		return nil, a.noSuchTask(name)
	}
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	return a.taskSavings(ctx, d, o)
}

// noSuchTask says that the configuration has no task of a name.
func (a *App) noSuchTask(name string) error {
	names := slices.Sorted(maps.Keys(a.plant.Load().Desks))
	hint := "the configuration has no tasks; docs/tasks.md says how to write one"
	if len(names) > 0 {
		hint = "there are: " + strings.Join(names, ", ")
	}
	return &model.Error{Kind: model.NotFound, Op: "find task", Err: fmt.Errorf("no task is named %q%s", name, suggest.Near(name, names)), Hint: hint}
}

// shownTasks is what tasks took and saved, for the server.
type shownTasks struct{ app *App }

// Tasks returns all of them.
func (s shownTasks) Tasks(ctx context.Context, tenant string, since, until time.Time) (any, error) {
	return s.app.TaskSavings(ctx, SavingsOptions{Tenant: tenant, Since: since, Until: until})
}

// Task returns one.
func (s shownTasks) Task(ctx context.Context, tenant, name string, since, until time.Time) (any, error) {
	return s.app.OneTaskSavings(ctx, name, SavingsOptions{Tenant: tenant, Since: since, Until: until})
}

func (a *App) taskSavings(ctx context.Context, d *desk.Desk, o SavingsOptions) (*TaskSavings, error) {
	name := d.Task.Name
	out := &TaskSavings{Task: name, Tenant: cmp.Or(o.Tenant, model.DefaultTenant), Teacher: d.Config.Teacher, Answers: []Answers{}, Spending: []Spending{}}
	if !o.Since.IsZero() {
		out.Since = &o.Since
	}
	if !o.Until.IsZero() {
		out.Until = &o.Until
	}
	uses, err := a.store.Uses(ctx, out.Tenant, name, o.Since, o.Until)
	if err != nil {
		return nil, err
	}
	out.count(uses)
	if err := a.staffOf(ctx, out, d); err != nil {
		return nil, err
	}
	if out.Tenant == model.DefaultTenant { // wheels are the default tenant's
		if out.Wheel, err = a.wheelState(ctx, d); err != nil {
			return nil, err
		}
		out.trial()
	}
	n, agreed, err := a.store.CountAudits(ctx, out.Tenant, name, "", o.Since, o.Until)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		out.Audits = &Audits{Compared: n, Agreed: agreed, Agreement: savings.Share(agreed, n)}
		if out.Audits.Champion, err = a.auditsNow(ctx, name, out.Serving.Student); err != nil {
			return nil, err
		}
	}
	measured, err := a.store.Measured(ctx, out.Tenant, name, o.Since, o.Until)
	if err != nil {
		return nil, err
	}
	for _, m := range measured {
		by := whoAnswered(name, &store.Use{Answered: m.Answered})
		out.Outcomes = append(out.Outcomes, Measured{m.Measure, by, m.Answered, m.N, m.Sum / float64(m.N)})
	}
	out.Labels.Corrected, err = a.store.Corrections(ctx, out.Tenant, name, o.Since, o.Until)
	return out, err
}

// auditsNow returns the audits that count for or against a champion; nil where there are none.
func (a *App) auditsNow(ctx context.Context, task, champion string) (*Audits, error) {
	if champion == "" {
		return nil, nil
	}
	out := &Audits{}
	err := a.store.Verdicts(ctx, task, champion, func(agree bool) {
		if out.Compared++; agree {
			out.Agreed++
		}
	})
	if err != nil || out.Compared == 0 {
		return nil, err
	}
	out.Agreement = savings.Share(out.Agreed, out.Compared)
	return out, nil
}

// whoAnswered says who answered requests that are alike.
func whoAnswered(task string, u *store.Use) string {
	switch {
	case strings.HasPrefix(u.Answered, origin.Student(task, "")):
		return ByStudent
	case u.Answered == origin.Memory(task):
		return ByMemory
	case u.Cached:
		return ByCache
	}
	return ByTeacher
}

// count adds up what requests took.
func (t *TaskSavings) count(uses []store.Use) {
	spending := map[model.Work]*Spending{}
	var teacher, audits taken
	var spared taken
	for i := range uses {
		u := &uses[i]
		if u.Purpose != model.Serving {
			s := spending[u.Purpose]
			if s == nil {
				s = &Spending{Purpose: u.Purpose}
				spending[u.Purpose] = s
			}
			s.Requests += u.Requests
			s.Cost += u.Cost
			switch {
			case u.Failed:
				s.Failed += u.Requests
			case u.Purpose == model.Auditing:
				audits.add(u)
			case u.Purpose == model.Labelling:
				t.Labels.Asked += u.Requests
			}
			continue
		}
		t.Requests += u.Requests
		t.Cost += u.Cost
		if u.Failed {
			t.Failed += u.Requests
			continue
		}
		by := whoAnswered(t.Task, u)
		t.Answers = append(t.Answers, Answers{By: by, Model: u.Answered, Requests: u.Requests, Cost: u.Cost, Mean: u.Took / time.Duration(u.Requests)})
		if by == ByTeacher {
			teacher.add(u)
			t.Labels.Served += u.Requests
		} else {
			spared.add(u)
		}
	}
	slices.SortStableFunc(t.Answers, func(a, b Answers) int { return b.Requests - a.Requests })
	var spent model.Money
	for _, w := range model.Works() {
		if s := spending[w]; s != nil {
			t.Spending = append(t.Spending, *s)
			spent += s.Cost
		}
	}
	t.estimate(teacher, audits, spared, spent)
}

// trial says which share a canary answers.
func (t *TaskSavings) trial() {
	if w := t.Wheel; w != nil && w.Serving != nil && t.Serving.Canary != "" && w.Serving.Canary == t.Serving.Canary {
		t.Serving.CanaryShare = &w.Serving.Share
	}
}

// taken is what some requests took.
type taken struct{ cost, seconds savings.Sum }

func (t *taken) add(u *store.Use) {
	t.cost.Add(savings.Sum{N: u.Requests, Total: u.Cost.Dollars(), Squares: u.CostSquares})
	t.seconds.Add(savings.Sum{N: u.Requests, Total: u.Took.Seconds(), Squares: u.TookSquares})
}

// trainingSeconds is the metric on a student's card that says how long it was trained, on all cores at hand.
const trainingSeconds = "training_seconds"

// Bases of estimates.
const (
	basisAudits  = "audits: the teacher's answers to a random sample of what the student answered"
	basisTeacher = "what the teacher answered, which may differ in kind from what it did not"
)

// estimate says what was saved.
func (t *TaskSavings) estimate(teacher, audits, spared taken, spent model.Money) {
	basis, name := audits, basisAudits
	if audits.cost.N < leastAudits {
		basis, name = teacher, basisTeacher
	}
	n := spared.cost.N
	cost, known := savings.Instead(n, basis.cost)
	seconds, _ := savings.Instead(n, basis.seconds)
	if !known {
		if n > 0 {
			t.Notes = append(t.Notes, fmt.Sprintf("what %d answers saved is not known: the teacher's own are %d, and at least %d are needed", n, basis.cost.N, savings.Least))
		}
		return
	}
	if basis.cost.Total == 0 && n > 0 {
		t.Notes = append(t.Notes, "the teacher's answers cost nothing; give its model a price to see what is saved")
	}
	t.Saved = &Saved{Basis: name, Known: basis.cost.N, Spared: cost.Less(spared.cost.Total), Seconds: seconds.Less(spared.seconds.Total)}
	t.Saved.Net = t.Saved.Spared.Less(spent.Dollars())
}

// leastAudits is from how many audits on they alone say what the teacher would have taken.
const leastAudits = 30

// staffOf says who serves, and how many students there are.
func (a *App) staffOf(ctx context.Context, out *TaskSavings, d *desk.Desk) error {
	if out.Tenant != model.DefaultTenant { // students are the default tenant's
		return nil
	}
	all, err := a.Students(ctx, out.Task)
	if err != nil {
		return err
	}
	out.Students = len(all)
	untimed := 0
	for _, s := range all {
		if s.Card.Metrics[trainingSeconds] == 0 {
			untimed++
		}
		out.Training += s.Card.Metrics[trainingSeconds]
		if s.Stage == store.Canary && d.Config.Wheel != nil { // without one it answers nothing
			out.Serving.Canary = s.ID
		}
		if s.Stage != store.Champion {
			continue
		}
		out.Serving.Student, out.Serving.Status, out.Serving.Silent = s.ID, s.Status(), desk.Silence(s.Card.Certificate)
		if now := d.Now(); now.Champion == s.ID && now.Out {
			out.Serving.Silent, out.Serving.Out = now.Silent, true
		}
		if c := s.Card.Certificate; c != nil && c.Speaks() {
			out.Serving.Agreement, out.Serving.Coverage = c.Target, c.Coverage
		}
	}
	if untimed > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("how long %d of the students were trained was not kept", untimed))
	}
	return nil
}
