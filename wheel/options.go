// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"cmp"
	"fmt"

	"retort/eval/certify"
)

// Options of a Wheel. Goal must be set; every other zero value means the default that its comment names.
type Options struct {
	Goal certify.Goal // what is promised of the student's answers
	Seed uint64       // of all that is drawn

	// Budget is the share of the requests whose answers by a student are put to the teacher as well, over the long run, in
	// (0, 1]; 0: 0.05. Requests that the teacher answers anyway cost nothing of it.
	Budget float64
	// Loan is how many requests' worth of the budget may be spent in advance where evidence of a change asks for more audits;
	// 0: 4,000. The budget is paid back by fewer audits afterwards.
	Loan int

	First  int     // fair labels with which the first student is trained; 0: 500
	Growth float64 // share by which the labels must have grown for the next one, above 0; 0: 0.3
	// Judges is how many fair labels judge at most, the latest; the earlier ones train alone. Siblings then differ less from
	// their student, and what judges is like what is asked. 0: 1,000.
	Judges int
	Every  int // requests after which one is trained in any case, if there are new labels; 0: never

	// Margin is how much less often a challenger may agree with the teacher than the champion, as a share, in (0, 0.5); 0: 0.02.
	Margin float64
	Alpha  float64 // level of the tests of the gate, in (0, 0.5); 0: 0.05

	// Consistency is how often the teacher says the same when it is asked the same again, in (0, 1); 0: 0.95.
	Consistency float64

	// Aside are labels that a student learns and never gives, such as that of what is out of scope: their requests go to the
	// teacher.
	Aside []string

	// Classless says that answers are no classes, such as objects, of which most are given once: none is watched or taken out alone.
	Classless bool
	// Memory is how many labels are kept, the latest; 0: 30,000.
	Memory int

	// Clock, where set, says which number a request would have now, for owners whose numbers are times: events are dated by it.
	Clock func() int64
	// Notice, where set, is told of each event as it happens, one at a time. It must not call the Wheel.
	Notice func(Event)
}

// DefaultAlpha is that of Options.
const DefaultAlpha = 0.05

// Further defaults of Options.
const (
	defaultFirst  = 500
	defaultGrowth = 0.3
)

const (
	// patienceService, patienceClass and patienceInput are how many observations pass on average, at least, until a false alarm:
	// audited answers, or those of canaries, labels of answers that a student gave or would have given, and requests.
	patienceService = 10_000
	patienceClass   = 200_000
	patienceInput   = 1_000_000
	// restlessService and restlessUnrest are the evidence from which more is audited.
	restlessService, restlessUnrest = 300, 2000
)

// complete fills in the defaults and checks the rest.
func (o *Options) complete() error {
	if err := o.Goal.Check(); err != nil {
		return fmt.Errorf("wheel: %w", err)
	}
	o.Budget, o.Loan = cmp.Or(o.Budget, 0.05), cmp.Or(o.Loan, 4000)
	o.Consistency = cmp.Or(o.Consistency, 0.95)
	o.Judges, o.Memory = cmp.Or(o.Judges, 1000), cmp.Or(o.Memory, 30_000)
	o.First, o.Growth = cmp.Or(o.First, defaultFirst), cmp.Or(o.Growth, defaultGrowth)
	o.Margin, o.Alpha = cmp.Or(o.Margin, 0.02), cmp.Or(o.Alpha, DefaultAlpha)
	switch {
	case !(o.Budget > 0 && o.Budget <= 1):
		return fmt.Errorf("wheel: budget %v; want a share above 0 and at most 1, such as 0.05", o.Budget)
	case o.Memory < 0:
		return fmt.Errorf("wheel: memory %d; want 0 or more labels", o.Memory)
	case o.Loan < 0:
		return fmt.Errorf("wheel: loan %d; want 0 or more requests", o.Loan)
	case o.First < 0 || o.Every < 0 || o.Judges < 0:
		return fmt.Errorf("wheel: first %d, judges %d, every %d; want 0 or more", o.First, o.Judges, o.Every)
	case !(o.Consistency > 0 && o.Consistency < 1):
		return fmt.Errorf("wheel: consistency %v; want a share above 0 and below 1, such as 0.95", o.Consistency)
	case !(o.Growth > 0):
		return fmt.Errorf("wheel: growth %v; want a share above 0, such as 0.25", o.Growth)
	case !(o.Margin > 0 && o.Margin < 0.5):
		return fmt.Errorf("wheel: margin %v; want a share above 0 and below 0.5, such as 0.02", o.Margin)
	case !(o.Alpha > 0 && o.Alpha < 0.5):
		return fmt.Errorf("wheel: alpha %v; want a level above 0 and below 0.5, such as 0.05", o.Alpha)
	}
	return nil
}
