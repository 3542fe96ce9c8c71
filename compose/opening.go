// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"errors"
	"sync"
	"time"

	"retort/model"
)

// opening holds back the parts at the beginning of an answer that say nothing yet, such as a role, until one comes that
// does: so long the answer has not begun, and another model can still give it. A client that hears nothing for long may
// hang up, so after a while they go out all the same.
type opening struct {
	emit  func(model.Part) error
	begun bool
	since time.Time // of the first part
	held  shortTape
	first contender              // told when the answer begins; nil: nobody
	adder func(model.Part) error // add, made once: a method as a value takes memory each time
}

// contender is told when its answer begins, and may say that it must not.
type contender interface{ win() error }

// openings lends openings, since every request takes one for each blend that it goes through.
var openings = sync.Pool{New: func() any {
	o := new(opening)
	o.adder = o.add
	return o
}}

// openingTo returns an opening of an answer that goes to emit. Who takes it gives it back with done when the models that he
// handed its adder to have returned, and not after a panic: who panicked may still hold it.
func openingTo(emit func(model.Part) error) *opening {
	o := openings.Get().(*opening)
	o.emit = emit
	return o
}

func (o *opening) done() {
	o.forget()
	openings.Put(o)
}

// forget makes the opening as new, but that a model which breaks its contract and still emits gets an error.
func (o *opening) forget() { *o = opening{emit: tooLate, adder: o.adder} }

var errTooLate = errors.New("a model emitted a part after it had returned")

func tooLate(model.Part) error { return errTooLate }

// patience is how long parts are held back.
const patience = 10 * time.Second

// opens says whether the answer begins with a part. It is asked once for each.
func (o *opening) opens(p *model.Part) bool {
	switch {
	case o.begun:
		return false
	case p.Kind != model.MetaPart:
		return true
	case o.since.IsZero():
		o.since = time.Now()
	}
	return time.Since(o.since) > patience
}

func (o *opening) add(p model.Part) error {
	opens := o.opens(&p)
	if opens && o.first != nil {
		if err := o.first.win(); err != nil {
			return err
		}
	}
	return o.take(p, opens)
}

// take takes a part of which opens has been asked.
func (o *opening) take(p model.Part, opens bool) error {
	switch {
	case opens:
		if err := o.begin(true); err != nil {
			return err
		}
	case !o.begun:
		o.hold(&p)
		return nil
	}
	return o.emit(p)
}

// hold keeps a part that says nothing. Keep-alives have done their work when they arrived.
func (o *opening) hold(p *model.Part) {
	if !keepsAlive(p) {
		o.held.add(p)
	}
}

// keepsAlive says whether a part is there to keep a connection alive and says nothing to anybody.
func keepsAlive(p *model.Part) bool {
	return p.Kind == model.MetaPart && len(p.Event.Data) == 0 && !p.Event.Same && p.Detail == nil
}

// begin emits what was held back. more says that another part follows at once.
func (o *opening) begin(more bool) error {
	o.begun = true
	return o.held.play(o.emit, more)
}

// end is called when the model has answered: what was held back of an answer without a word goes out now.
func (o *opening) end() error {
	if o.begun {
		return nil
	}
	return o.begin(false)
}

// again forgets what was held back, for another model to begin.
func (o *opening) again() {
	o.since = time.Time{}
	o.held.reset()
}
