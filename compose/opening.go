// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
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
}

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

func (o *opening) add(p model.Part) error { return o.take(p, o.opens(&p)) }

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
	if alive := len(p.Event.Data) == 0 && !p.Event.Same && p.Detail == nil; !alive {
		o.held.add(p)
	}
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
