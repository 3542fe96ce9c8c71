// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"

	"retort/model"
)

// Wallet is a budget for calls of metered models that no Run makes, such as those of a judge. As in a run, what a call can cost
// at most is set aside before it, so that the budget is never exceeded as far as prices and limits of tokens are kept. It is safe
// for concurrent use, and kept in memory alone.
type Wallet struct {
	purse     *purse
	maxTokens int
}

// NewWallet returns a wallet that holds limit, for calls of at most maxTokens output tokens; 0: 1,024.
func NewWallet(limit model.Money, maxTokens int) *Wallet {
	if maxTokens <= 0 {
		maxTokens = answerTokens
	}
	return &Wallet{newPurse(&limit), maxTokens}
}

// Pay returns a context whose calls the wallet pays. A call that does not fit any more fails, with an error of kind Exhausted.
func (w *Wallet) Pay(ctx context.Context) context.Context {
	return context.WithValue(ctx, accountKey{}, &account{purse: w.purse, maxTokens: w.maxTokens})
}

// Spent returns what calls have cost.
func (w *Wallet) Spent() model.Money { return w.purse.spent() }

// Ended says whether a call did not fit.
func (w *Wallet) Ended() bool { return w.purse.ended() }
