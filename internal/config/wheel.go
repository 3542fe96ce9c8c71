// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
)

// Wheel has a task's students trained, checked and promoted without a person, while the gateway serves. The zero numbers of package wheel
// are these defaults.
type Wheel struct {
	First        int      `yaml:"first" default:"500" doc:"The teacher's answers with which the first student is trained; after students were taken out, 0.6 of these of since then."`
	Growth       float64  `yaml:"growth" default:"0.3" doc:"Share by which the answers of the teacher must have grown for the next student, above 0."`
	Every        Duration `yaml:"every" default:"0s" doc:"How long after a student the next one is trained in any case, if there are new answers, such as 24h; 0s: never for that."`
	Judges       int      `yaml:"judges" default:"1000" doc:"How many fair answers judge a student at most, the latest; earlier ones train it."`
	Recheck      int      `yaml:"recheck" default:"20" doc:"Inputs that the teacher is asked again from time to time, to see whether it still says the same; 0: none."`
	RecheckEvery Duration `yaml:"recheck_every" default:"24h" doc:"How long after they were asked they are asked again."`
	Keep         int      `yaml:"keep" default:"5" doc:"How many students that never served are kept, the latest; the files of others that turns made are cleared when a turn ends."`

	Aside  []string `yaml:"aside" doc:"Labels that students learn and never give, such as that of what is out of scope: their requests are left to the teacher."`
	Margin float64  `yaml:"margin" default:"0.02" doc:"How much less often than the champion a new student may agree with the teacher, as a share; that it is no worse must be shown."`
}

func (w *Wheel) check(d *decoder, path string) {
	if w.First < 20 || w.First > 1e6 {
		d.fail(path+".first", "%d is not from 20 to 1000000", w.First)
	}
	if !(w.Growth > 0 && w.Growth <= 100) {
		d.fail(path+".growth", "%v is not above 0 and at most 100; write a share such as 0.3", w.Growth)
	}
	if w.Recheck < 0 || w.Recheck > 1000 {
		d.fail(path+".recheck", "%d is not from 0 to 1000", w.Recheck)
	}
	if w.RecheckEvery <= 0 {
		d.fail(path+".recheck_every", "must be above zero; write recheck: 0 to ask nothing again")
	}
	if w.Keep < 0 || w.Keep > 1e6 {
		d.fail(path+".keep", "%d is not from 0 to 1000000", w.Keep)
	}
	if w.Every < 0 {
		d.fail(path+".every", "must not be below zero")
	}
	if w.Judges < 20 || w.Judges > 1e6 {
		d.fail(path+".judges", "%d is not from 20 to 1000000", w.Judges)
	}
	if !(w.Margin > 0 && w.Margin < 0.5) {
		d.fail(path+".margin", "%v is not above 0 and below 0.5; write a share such as 0.02", w.Margin)
	}
}

// checkWheel notes what keeps a task from turning by itself.
func (c *Config) checkWheel(d *decoder, path string, t *Task) {
	if t.Wheel == nil {
		return
	}
	t.Wheel.check(d, path+".wheel")
	for i, label := range t.Wheel.Aside {
		if slices.Contains(t.Wheel.Aside[:i], label) {
			d.fail(fmt.Sprintf("%s.wheel.aside[%d]", path, i), "%q is there twice; leave it out once", label)
		}
		if !slices.Contains(t.Output.Enum, label) {
			d.fail(fmt.Sprintf("%s.wheel.aside[%d]", path, i), "%q is none of the task's labels%s", label, suggest(label, t.Output.Enum))
		}
	}
	switch {
	case t.Audit.Share == 0:
		d.fail(path+".wheel", "needs audits: without them nothing fair is learned of what students answer; give audit.share, such as 0.05")
	case t.Similar != nil:
		d.fail(path+".wheel", "does not go with similar: what a memory answers is not audited; leave one of them out")
	case len(t.Teacher) > 1:
		d.fail(path+".wheel", "learns from the answers of one teacher, and the task has %d; name one", len(t.Teacher))
	case !c.Capture.Content:
		d.fail(path+".wheel", "learns from recorded requests, and capture.content is off; turn it on, or leave wheel out")
	}
}
