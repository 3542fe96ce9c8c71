// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package desk

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"retort/compose"
	"retort/eval/certify"
	"retort/internal/config"
	"retort/model"
	"retort/model/modeltest"
	"retort/student"
	"retort/task"
)

// open returns a desk whose teacher says "yes".
func open(t *testing.T, c config.Task) *Desk {
	t.Helper()
	of := &task.Task{Name: "desk", Labels: []string{"yes", "no"}}
	d, err := New(of, c, of.Teacher(says("up/large", "yes")))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// says is a model that gives one answer.
func says(name, text string) model.Model {
	return modeltest.Script(modeltest.Step{Response: model.Answer(name, text)})
}

func ask(t *testing.T, d *Desk, text string) (by string) {
	t.Helper()
	resp, err := d.Generate(t.Context(), model.NewRequest("desk", model.Prompt(text)), model.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Model
}

// pupil is a student that is sure of short texts.
type pupil struct {
	student.Any
	certificate *certify.Certificate
}

func (p pupil) Notice(text string) (answer string, score float64, novel bool) {
	if len(text) > 10 {
		return "no", 0.1, false
	}
	return "no", 0.9, false
}

func (p pupil) Card() student.Card { return student.Card{Certificate: p.certificate} }

var sure = &certify.Certificate{Status: certify.Certified, Threshold: 0.5, Target: 0.9}

// A desk keeps the contract of a Model whoever is at it.
func TestConformance(t *testing.T) {
	for name, c := range map[string]config.Task{"plain": {}, "remembering": {Similar: &config.Similar{Agreement: 0.8, Confidence: 0.8, Audit: 0.1, Max: 1000}},
		"audited": {Audit: config.Audit{Share: 1, Concurrent: 100}}} {
		for who, staff := range map[string]func(*Desk){"a teacher": func(*Desk) {}, "a student": func(d *Desk) { d.Staff("a", pupil{certificate: sure}) },
			"a student that is out": func(d *Desk) { d.Bench("a", "taken out") }, "a wheel": func(d *Desk) { d.Turn(&owner{}) }} {
			t.Run(name+" with "+who, func(t *testing.T) {
				modeltest.Run(t, func(t *testing.T) model.Model {
					d := open(t, c)
					d.Begin(nowhere{}, compose.Recording{Purpose: model.Auditing}, func(*Desk, compose.Copied) {})
					t.Cleanup(func() { d.End(context.WithoutCancel(t.Context())) })
					staff(d)
					return d
				})
			})
		}
	}
}

// A champion answers what its certificate lets it, and the teacher the rest; and all of it where there is none, or where it is out.
func TestWhoAnswers(t *testing.T) {
	d := open(t, config.Task{})
	const short, long = "short", "a text that is long"
	for _, step := range []struct {
		do                func()
		short, long, says string
	}{
		{func() {}, "up/large", "up/large", ""},
		{func() { d.Staff("a", pupil{certificate: sure}) }, "student/desk@a", "up/large", ""},
		{func() {
			d.Staff("b", pupil{certificate: &certify.Certificate{Status: certify.Silent, Reason: "too few labels"}})
		}, "up/large", "up/large", "too few labels"},
		{func() { d.Staff("c", pupil{}) }, "up/large", "up/large", "it has no certificate"},
		{func() { d.Bench("a", "taken out") }, "up/large", "up/large", "taken out"},
		{func() { d.Staff("a", pupil{certificate: sure}) }, "student/desk@a", "up/large", ""},
		{func() { d.Unseat("b", "not this one") }, "student/desk@a", "up/large", ""},
		{func() { d.Unseat("a", "this one") }, "up/large", "up/large", "this one"},
		{func() { d.Staff("", nil) }, "up/large", "up/large", ""},
	} {
		step.do()
		if by := ask(t, d, short); by != step.short || d.Now().Silent != step.says {
			t.Errorf("a short text was answered by %s, want %s; at the desk is %+v", by, step.short, d.Now())
		}
		if by := ask(t, d, long); by != step.long {
			t.Errorf("a long text was answered by %s, want %s; at the desk is %+v", by, step.long, d.Now())
		}
	}
}

// Labels that are aside are left to the teacher, however sure the student is.
func TestLabelsAside(t *testing.T) {
	d := open(t, config.Task{Wheel: &config.Wheel{Aside: []string{"no"}}})
	d.Staff("a", pupil{certificate: sure})
	if by := ask(t, d, "short"); by != "up/large" {
		t.Errorf("%s answered", by)
	}
}

type owner struct{ asked atomic.Int64 }

func (o *owner) Answer(ctx context.Context, d *Desk, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	o.asked.Add(1)
	return says("wheel of "+d.Task.Name, "no").Generate(ctx, req, emit)
}

// A wheel decides while it is there, whoever is staffed meanwhile.
func TestAWheelDecides(t *testing.T) {
	d, w := open(t, config.Task{}), &owner{}
	if d.Wheel() != nil {
		t.Error("there is a wheel at first")
	}
	d.Turn(w)
	d.Staff("a", pupil{certificate: sure})
	if by := ask(t, d, "short"); by != "wheel of desk" || w.asked.Load() != 1 || d.Wheel() != Wheel(w) {
		t.Errorf("%s answered; the wheel was asked %d times", by, w.asked.Load())
	}
	d.Turn(nil)
	if by := ask(t, d, "short"); by != "student/desk@a" || d.Wheel() != nil {
		t.Errorf("%s answered", by)
	}
}

type nowhere struct{}

func (nowhere) Record(context.Context, *model.Trace) error { return nil }

// What a student answered is put to the teacher too, and told; what the teacher answered itself is not.
func TestAudits(t *testing.T) {
	d := open(t, config.Task{Audit: config.Audit{Share: 1, Concurrent: 100}})
	d.Staff("a", pupil{certificate: sure})
	told := make(chan compose.Copied, 10)
	d.Begin(nowhere{}, compose.Recording{Purpose: model.Auditing}, func(_ *Desk, c compose.Copied) { told <- c })
	ask(t, d, "short")
	ask(t, d, "a text that is long")
	d.End(t.Context())
	close(told)
	var all []compose.Copied
	for c := range told {
		all = append(all, c)
	}
	if len(all) != 1 || all[0].Served.Model != "student/desk@a" || all[0].Answer.Text() != "yes" {
		t.Errorf("told was %+v", all)
	}
}

// Who is taken out is taken out alone: another student that is put at the desk at the same moment stays there.
func TestAnotherStudentIsNotTakenOut(t *testing.T) {
	d := open(t, config.Task{})
	first := &Staffing{Champion: "first", Target: 0.9, model: d.Strong()}
	second := &Staffing{Champion: "second", Target: 0.9, model: d.Strong()}
	d.put(first)
	d.Unseat("first", "a test")
	if now := d.Now(); now.Champion != "first" || !now.Out || now.Silent != "a test" || now.Target != 0 {
		t.Errorf("who was taken out is %+v", now)
	}
	for range 1000 {
		d.put(first)
		var both sync.WaitGroup
		both.Go(func() { d.Unseat("first", "a test") })
		both.Go(func() { d.put(second) })
		both.Wait()
		if now := d.now.Load(); now != second {
			t.Fatalf("%+v is at the desk, want the second student", now)
		}
	}
}

// Another champion leaves other requests to the teacher: what was known of the memory holds no more.
func TestAnotherChampionTakesTheMemorysCertificate(t *testing.T) {
	d := open(t, config.Task{Similar: &config.Similar{Agreement: 0.8, Confidence: 0.8, Audit: 0.1, Max: 1000}})
	for i := range 300 {
		ask(t, d, fmt.Sprint("where is the card number ", i%150))
	}
	if d.Staff("", nil); d.Memory.Counts().Speaks != 1 {
		t.Error("nothing changed, and the certificate is gone, or never was")
	}
	d.now.Store(&Staffing{Champion: "old", model: d.Strong()})
	if d.Staff("", nil); d.Memory.Counts().Speaks != 0 {
		t.Error("the certificate of other requests still holds")
	}
}
