// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"time"

	"retort/model"
	"retort/wheel"
)

// A clock that was ahead for a while leaves dates in the future: labels of now would be from before an alarm, until the clock has come to it. So what
// is dated so is brought down to now, which is late and safe, when a wheel goes on: in the next process, or here once the clock is right.

// aheadBy is from when on dates are taken for those of a clock that was ahead.
const aheadBy = time.Minute

// ahead says whether a number of a request is in the future.
func ahead(number int64) bool { return moment(number).After(time.Now().Add(aheadBy)) }

// redate corrects what the store says of a loop's task. The wheel is corrected with its state.
func (l *loop) redate(ctx context.Context) error {
	now := time.Now()
	n, err := l.app.store.Redate(ctx, model.DefaultTenant, l.task, now.Add(aheadBy), func(evidence json.RawMessage) json.RawMessage {
		var e wheel.Event
		if json.Unmarshal(evidence, &e) != nil || e.Since <= now.UnixNano() {
			return evidence
		}
		e.Since, e.Request = now.UnixNano(), now.UnixNano()
		text, err := json.Marshal(&e)
		if err != nil { // it was read from JSON
			return evidence
		}
		return text
	})
	if n > 0 && err == nil {
		l.app.log.Warn("what is dated in the future is dated now; was the clock ahead?", "task", l.task, "takeouts_and_turns", n)
	}
	return err
}

// renew has wheels whose numbers are in the future go on with others, and begins those that could not be.
func (a *App) renew(ctx context.Context) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	if a.loops != nil {
		a.turnOver(ctx, a.plant.Load())
	}
}
