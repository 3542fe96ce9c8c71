// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

// Audit is how the answers of a task's student are watched while it serves.
type Audit struct {
	Share      float64  `yaml:"share" default:"0.05" doc:"Share of all requests that are put to the teacher too where the student answered, drawn before anything looks at them; 0 watches nothing."`
	PerDay     float64  `yaml:"per_day" default:"1" doc:"US dollars that this may cost a day, in UTC; 0 for any amount."`
	Concurrent int      `yaml:"concurrent" default:"4" doc:"Audits running at a time; more are dropped, none waits."`
	Timeout    Duration `yaml:"timeout" default:"2m" doc:"How long the teacher may take."`
}

func (a *Audit) check(d *decoder, path string) {
	if a.Share < 0 || a.Share > 1 {
		d.fail(path+".share", "%v is no share; write a number from 0 to 1, such as 0.05", a.Share)
	}
	if a.PerDay < 0 || a.PerDay > 1e6 {
		d.fail(path+".per_day", "%v is no amount of US dollars for a day", a.PerDay)
	}
	if a.Concurrent < 1 {
		d.fail(path+".concurrent", "%d is not at least 1", a.Concurrent)
	}
	if a.Timeout <= 0 {
		d.fail(path+".timeout", "must be above zero")
	}
}
