// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package desk

import (
	"cmp"
	"context"
	"slices"

	"retort/compose"
	"retort/eval/certify"
	"retort/internal/origin"
	"retort/model"
	"retort/student"
)

// Staffing is who answers at a desk.
type Staffing struct {
	Champion string  // student's id; empty: the teacher alone
	Silent   string  // why it answers nothing; empty: it does, or there is none
	Out      bool    // it is silent because it was taken out
	Target   float64 // agreement that it is certified for
	model    model.Model
}

// Now returns who is at the desk.
func (d *Desk) Now() Staffing { return *d.now.Load() }

// Silence says why a student with this certificate answers nothing; empty: it does answer.
func Silence(c *certify.Certificate) string {
	switch {
	case c == nil:
		return "it has no certificate"
	case c.Speaks():
		return ""
	}
	return cmp.Or(c.Reason, "nothing is certified")
}

// Staff puts a champion at the desk, by its id, or, with a nil one, the teacher alone. Another student leaves other requests to the
// teacher, so what was known of the memory's agreement holds no more.
func (d *Desk) Staff(id string, champion student.Any) {
	next := &Staffing{model: d.Strong()}
	if champion != nil {
		certificate := champion.Card().Certificate
		accept := func(score float64) bool { return certificate != nil && certificate.Answers(score) }
		next.Champion, next.Silent = id, Silence(certificate)
		cascade := &compose.Cascade{Cheap: d.Task.Student(origin.Student(d.Task.Name, id), champion), Strong: d.Strong(), Accept: accept}
		if w := d.Config.Wheel; w != nil && len(w.Aside) > 0 {
			cascade.Take = func(_ context.Context, resp *model.Response) bool {
				return accept(resp.Score) && !slices.Contains(w.Aside, resp.Text())
			}
		}
		next.model = cascade
		if next.Silent == "" {
			next.Target = certificate.Target
		}
	}
	d.put(next)
}

// Bench names a champion at its desk that is out, and why: the teacher answers.
func (d *Desk) Bench(id, why string) {
	if now := d.now.Load(); now.Champion == id && now.Out {
		return
	}
	d.put(d.out(id, why))
}

// Unseat is Bench for who is at the desk when it takes effect: another that is seated at the same moment stays.
func (d *Desk) Unseat(id, why string) {
	next := d.out(id, why)
	for now := d.now.Load(); now.Champion == id && !now.Out; now = d.now.Load() {
		if d.now.CompareAndSwap(now, next) { // of the same champion, so that the memory goes on
			return
		}
	}
}

func (d *Desk) out(id, why string) *Staffing {
	return &Staffing{Champion: id, Silent: why, Out: true, model: d.Strong()}
}

// put changes who answers.
func (d *Desk) put(next *Staffing) {
	if before := d.now.Swap(next); before.Champion != next.Champion && d.Memory != nil {
		d.Memory.Restart()
	}
}
