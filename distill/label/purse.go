// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"retort/model"
)

// purse is the money of a run. What is paid and what is set aside never exceed the limit together.
type purse struct {
	limit *model.Money // nil: none

	mu     sync.Mutex
	paid   model.Money
	before model.Money   // of paid, by earlier runs
	unsure model.Money   // of paid, for calls without an answer that may have been billed
	aside  model.Money   // for calls under way
	broke  bool          // a call did not fit
	over   int           // calls that cost more than was set aside
	change chan struct{} // closed when money comes back
}

// errBudget is why a call is not made.
var errBudget = errors.New("the budget is spent")

func newPurse(limit *model.Money) *purse { return &purse{limit: limit, change: make(chan struct{})} }

// hold sets money aside. It waits while calls under way may give some back.
func (p *purse) hold(ctx context.Context, amount model.Money) error {
	for {
		p.mu.Lock()
		if p.limit == nil || p.paid+p.aside+amount <= *p.limit {
			p.aside += amount
			p.mu.Unlock()
			return nil
		}
		if p.broke = p.broke || p.aside == 0 || p.paid+amount > *p.limit; p.broke {
			p.mu.Unlock()
			return &model.Error{Kind: model.Exhausted, Op: "label", Err: fmt.Errorf("%w: a call may cost $%s", errBudget, amount)}
		}
		change := p.change
		p.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settle pays what a call cost and gives the rest back.
func (p *purse) settle(held, cost model.Money, unsure bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.aside -= held
	p.paid += cost
	if cost > held {
		p.over++
	}
	if unsure {
		p.unsure += cost
	}
	close(p.change)
	p.change = make(chan struct{})
}

// remember adds what earlier runs paid.
func (p *purse) remember(paid model.Money) { p.paid, p.before = p.paid+paid, p.before+paid }

// spent returns what this run paid.
func (p *purse) spent() model.Money {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paid - p.before
}

// ended says whether a call did not fit.
func (p *purse) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broke
}
