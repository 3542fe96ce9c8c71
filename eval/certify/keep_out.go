// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"fmt"
	"math"
	"slices"
)

// Leak is the share of the inputs that are to be left alone that KeepOut lets be answered all the same.
const Leak = 0.08

// KeepOut returns the certificate with its threshold raised so far that a further input of the kind that strays are of, which is always to be left
// alone, is answered with a chance of at most Leak. Those are few, and where they are all wrong the agreement of the rest makes up for it; so a
// certificate alone lets them through. The threshold is the conformal quantile of their scores (V. Vovk, A. Gammerman, G. Shafer,
// "Algorithmic Learning in a Random World", 2005): in the mean over labels that judge the chance is kept for any number of them from
// 1/Leak − 1 on; with fewer nothing can be said, and the certificate stays as it is. judged are those that it was made of, strays included.
//
// What the certificate says of agreement holds above the higher threshold as far as scores rank: Lower is Target, since no more was shown of just
// these. Where fewer of them agree than Target, scores do not rank there, and the certificate is silent.
func (c Certificate) KeepOut(strays []float64, judged []Judgement) Certificate {
	strays = slices.Sorted(slices.Values(strays))
	n := len(strays)
	k := int(math.Ceil((1 - Leak) * float64(n+1)))
	if k > n || !c.Speaks() || strays[k-1] < c.Threshold {
		return c
	}
	c.Threshold = math.Nextafter(strays[k-1], 2)
	c.Answered, c.Agreed = 0, 0
	for _, j := range judged {
		if c.Answers(j.Score) {
			c.Answered++
			if j.Agree {
				c.Agreed++
			}
		}
	}
	c.count(c.Answered, c.Agreed)
	c.Lower = c.Target // a bound above it was that of all that were answered before
	switch {
	case c.Answered == 0:
		c.Status, c.Reason = Silent, fmt.Sprintf("of the %d inputs that are to be left alone more than %.0f %% score as high as all others", n, 100*Leak)
	case c.Agreement < c.Target:
		c.Status, c.Reason = Silent, fmt.Sprintf("of the %d inputs that score above those that are to be left alone %s agree, and %s are wanted", c.Answered, percent(c.Agreement), percent(c.Target))
	}
	if c.Status == Silent {
		c.Lower, c.MoreLabels = 0, 0
		c.count(0, 0)
	}
	return c
}
