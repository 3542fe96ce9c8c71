// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"retort/eval"
	"retort/eval/certify"
	"retort/internal/desk"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// Gate is what a turn's student was judged by.
type Gate struct {
	Ruling   eval.Ruling           `json:"verdict"`
	Over     string                `json:"champion,omitempty"` // that it was compared with; empty: none
	Audit    eval.Ruling           `json:"audit"`              // the worst verdict of its audit
	Promise  string                `json:"certificate"`        // in words
	Compared int                   `json:"compared"`           // fair labels that both had not learned from
	Overall  *eval.NonInferiority  `json:"overall,omitempty"`  // null: not compared
	Classes  []eval.NonInferiority `json:"classes,omitempty"`  // those that differ
	Why      string                `json:"why"`
	Unread   string                `json:"unread,omitempty"` // what is damaged of what the champion learned from and was judged by; empty: nothing
	// Brief is what the turn learned by, Usual how often answers of each label disagree, and Pairs what a challenger was compared by.
	Brief *wheel.Brief       `json:"brief,omitempty"`
	Usual map[string]float64 `json:"usual,omitempty"`
	Pairs []wheel.Pair       `json:"pairs,omitempty"`
}

// outcome is what becomes of the student: one that could not be shown to be no worse than the champion is compared further.
func (g *Gate) outcome() store.TurnOutcome {
	switch {
	case g.Ruling == eval.Pass:
		return store.TurnCanary
	case g.Ruling == eval.Inconclusive && (g.Overall != nil || g.Unread != ""):
		return store.TurnChallenger
	}
	return store.TurnCandidate
}

// gate judges whether the student of a turn is to serve. With Pass it becomes the canary, and where it could not be compared with the champion
// well enough the challenger.
func (a *App) gate(ctx context.Context, task, id string, out *made, inherited *inheritance) (*Gate, error) {
	p := a.plant.Load()
	s, err := a.Student(ctx, id)
	if err != nil {
		return nil, err
	}
	opened, err := loadStudent(p.Config.Data, s.Path)
	if err != nil {
		return nil, err
	}
	g := &Gate{Ruling: eval.Inconclusive, Audit: inherited.Ruling, Promise: "none"}
	d := p.Desks[task]
	if d == nil || d.Config.Wheel == nil {
		g.Why = "the task does not turn by itself any more"
		return g, nil
	}
	if err := fits(d.Task, opened); err != nil {
		g.Ruling, g.Why = eval.Fail, err.Error()
		return g, nil
	}
	c := opened.Card().Certificate
	if c != nil {
		g.Promise = c.String()
	}
	if why := desk.Silence(c); why != "" {
		g.Why = "nothing could be certified: " + why
		return g, nil
	}
	if d.Task.Object == nil {
		g.Usual = usual(out, c, goalOf(&d.Config))
	}
	if inherited.Ruling != eval.Pass {
		g.Ruling, g.Why = inherited.Ruling, "its audit says "+string(inherited.Ruling)+": "+inherited.Says
		return g, nil
	}
	if err := a.contest(ctx, d, g, out); err != nil {
		return nil, err
	}
	if g.Unread != "" {
		g.Why += "; of the champion: " + g.Unread
	}
	return g, nil
}

// late refuses a student that learned by a brief of before a change which was noticed since, as the wheel that serves would at once.
func (a *App) late(ctx context.Context, task string, g *Gate, of *wheel.Brief) error {
	d := a.plant.Load().Desks[task]
	if d == nil || d.Config.Wheel == nil || g.outcome() == store.TurnCandidate { // it comes to no stage
		return nil
	}
	now, _, err := a.brief(ctx, d)
	if err == nil && now.Since != of.Since {
		g.Ruling, g.Why = eval.Fail, wheel.Late
	}
	return err
}

// contest compares the student of a turn with the champion, if there is one that was not taken out.
func (a *App) contest(ctx context.Context, d *desk.Desk, g *Gate, out *made) error {
	champion, err := a.champion(ctx, d.Task.Name)
	if err != nil {
		return err
	}
	if champion == nil {
		g.Ruling, g.Why = eval.Pass, "the first of its kind: "+g.Promise
		return nil
	}
	g.Over = champion.ID
	fallen, err := a.takenOut(ctx)
	if err != nil {
		return err
	}
	if fallen[seatOf{d.Task.Name, champion.ID}] != "" {
		g.Ruling, g.Why = eval.Pass, "the champion is taken out, and of the labels since then: "+g.Promise
		return nil
	}
	past, err := a.past(champion.ID)
	if err != nil {
		return err
	}
	pairs, err := a.pairs(d, champion, past, out)
	if err != nil {
		return err
	}
	if g.Compared = len(pairs); past.unread != nil {
		g.Unread = past.unread.Error()
	}
	compared, err := wheel.Compare(pairs, wheel.Met{}, d.Config.Wheel.Margin, wheel.LevelOf(wheel.DefaultAlpha, 1)) // a challenger is compared further
	if err != nil {
		g.Why = err.Error()
		return nil
	}
	g.Ruling, g.Why, g.Overall = compared.Ruling, compared.Why, &compared.Tests[0]
	for _, t := range compared.Tests[1:] {
		if t.OnlyA != t.OnlyB {
			g.Classes = append(g.Classes, t)
		}
	}
	if g.Ruling == eval.Inconclusive {
		g.Pairs = pairs
		g.Why += ": too few to show that it is no worse"
	}
	return nil
}

// usual is how often answers of each label that a student gives disagree, by those that judged it.
func usual(out *made, c *certify.Certificate, goal certify.Goal) map[string]float64 {
	var given []wheel.Answered
	for i := range out.Judged {
		if j := &out.Judged[i]; c.Answers(j.Score) {
			given = append(given, wheel.Answered{Answer: j.Predicted, Agree: j.Predicted == j.Label})
		}
	}
	return wheel.Usual(given, goal)
}

func (a *App) champion(ctx context.Context, task string) (*store.Student, error) {
	rows, err := a.store.Champions(ctx)
	for i := range rows {
		if rows[i].Task == task && rows[i].Tenant == model.DefaultTenant {
			return &rows[i], nil
		}
	}
	return nil, err
}

// pairs are the fair labels to which the student of a turn and the champion have both answered without having seen them, each text once: of what judged
// one, siblings that had not seen it answered for it; of texts that it has not learned from, it does itself. past is the champion's.
func (a *App) pairs(d *desk.Desk, champion *store.Student, past *past, out *made) ([]wheel.Pair, error) {
	opened, err := loadStudent(a.plant.Load().Config.Data, champion.Path)
	if err != nil {
		return nil, err
	}
	var certificate certify.Certificate // the zero one answers nothing
	if c := opened.Card().Certificate; c != nil {
		certificate = *c
	}
	how := makingsOf(d).options
	var pairs []wheel.Pair
	counted := map[uint64]bool{}
	for i := range out.Judged {
		j := &out.Judged[i]
		text := mark(j.Text)
		was, held := past.held[text]
		if counted[text] || !held && past.learned(j.Text) {
			continue
		}
		counted[text] = true
		answer, score := was.is(j.Label, j.Predicted), float64(was.score)
		if !held {
			answer, score = opened.Answer(j.Text)
		}
		pair := wheel.Pair{Label: j.Label, Slice: j.Group, Candidate: j.Predicted, Champion: answer, Left: how.Leaves(certificate, answer, score)}
		if d.Task.Object == nil {
			pair.Class = j.Label
		} else { // they are made of what clients write, which only traces keep
			pair.Label, pair.Champion, pair.Candidate = veiled(j.Label, answer, j.Predicted)
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}
