// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"math"
	"time"
)

// peak is a moving average of durations that takes up a longer one at once and forgets it slowly, so that a model that
// slows down is avoided from its first slow answer on; without news it falls towards zero, so that the model is tried
// again. The idea is Finagle's peak EWMA (twitter.github.io/finagle, "Clients: load balancing"); the zero value knows
// nothing.
type peak struct {
	seconds float64
	at      time.Time
}

// memory is the time in which an observation loses all but 1/e of its weight.
const memory = 10 * time.Second

func (p *peak) observe(took time.Duration, now time.Time) {
	seconds := took.Seconds()
	if old := p.weight(now); seconds < p.seconds {
		p.seconds = p.seconds*old + seconds*(1-old)
	} else {
		p.seconds = seconds
	}
	p.at = now
}

// read returns the average in seconds; 0 when nothing is known.
func (p *peak) read(now time.Time) float64 { return p.seconds * p.weight(now) }

func (p *peak) weight(now time.Time) float64 {
	if p.seconds == 0 {
		return 0
	}
	return math.Exp(-max(0, now.Sub(p.at)).Seconds() / memory.Seconds())
}
