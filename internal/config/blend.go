// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Alternative is one of the models of a fallback, written as its name alone where nothing else is said.
type Alternative struct {
	Model string   `yaml:"model" short:"true" doc:"Model to ask."`
	On    []string `yaml:"on" enum:"@kinds" doc:"Kinds of errors of the one before it after which it is asked; those after which another model may help when left out."`
}

// Balance spreads requests over models that are as good as each other.
type Balance struct {
	Among    []Member  `yaml:"among" required:"true" doc:"Models that are as good as each other."`
	By       string    `yaml:"by" enum:"latency,outstanding,weights" default:"latency" doc:"latency: the sooner of two at random; outstanding: who has least to do; weights: in turn."`
	Weights  []float64 `yaml:"weights" doc:"How much each takes, in the order of among; equal shares when left out."`
	Sticky   string    `yaml:"sticky" doc:"What stays with one model while it can be asked: conversation, user, key, tenant or metadata.FIELD; nothing when left out."`
	CoolDown Duration  `yaml:"cool_down" default:"1s" doc:"How long a model that failed is left alone at first."`
}

// Member is one of the models of a balance, written as its name alone where nothing else is said.
type Member struct {
	Model      string  `yaml:"model" short:"true" doc:"Model to ask."`
	Concurrent int     `yaml:"concurrent" doc:"Requests running at a time; who is full is passed over."`
	PerSecond  float64 `yaml:"per_second" doc:"Requests a second in the long run; who is full is passed over."`
	Burst      int     `yaml:"burst" doc:"Requests at once above the rate; per_second rounded up when left out."`
}

// Hedge asks a second time when the answer is late to begin.
type Hedge struct {
	Model  string  `yaml:"model" required:"true" doc:"Model asked first."`
	With   string  `yaml:"with" doc:"Model asked when the first is late; the same when left out."`
	After  string  `yaml:"after" default:"p93" doc:"When it is late: a quantile of its own times to the first part, such as p93, or a time such as 800ms."`
	AtMost float64 `yaml:"at_most" default:"0.08" doc:"Largest share of requests that are asked twice."`
}

// Late returns when an answer is late: after a fixed time, or else beyond a quantile of the times seen.
func (h *Hedge) Late() (after Duration, quantile float64, err error) {
	if digits, ok := strings.CutPrefix(h.After, "p"); ok {
		percent, err := strconv.ParseFloat(digits, 64)
		if err != nil || !(percent >= 50 && percent <= 99.9) {
			return 0, 0, fmt.Errorf("%q is no quantile; write one from p50 to p99.9", clip(h.After))
		}
		return 0, percent / 100, nil
	}
	after, err = parseDuration(h.After)
	if err == nil && after <= 0 {
		err = errors.New("must be above zero")
	}
	return after, 0, err
}

// Split divides requests among arms, for good.
type Split struct {
	By   string             `yaml:"by" required:"true" doc:"What stays in one arm: tenant, key, user, conversation, request or metadata.FIELD."`
	Arms map[string]float64 `yaml:"arms" required:"true" doc:"Models with their shares, which sum to 1."`
	Salt string             `yaml:"salt" doc:"Splits with one salt and one unit choose alike; the model's name when left out."`

	Outcome    string    `yaml:"outcome" enum:"rating,accepted" default:"rating" doc:"What feedback says of an answer. rating: the rating, and the lowest for a correction without one; accepted: whether the rating is in the upper half of the range and nothing was corrected."`
	Range      []float64 `yaml:"range" doc:"Lowest and highest rating; from 0 to 1 when left out. Feedback with another is refused."`
	Window     Duration  `yaml:"window" default:"1h" doc:"How long a unit's outcomes are waited for after its first; what comes later does not count."`
	Margin     float64   `yaml:"margin" default:"0.05" doc:"Difference between arms that does not matter, as a share of the range."`
	Confidence float64   `yaml:"confidence" default:"0.95" doc:"Of what is said of the difference between arms."`
	Promote    string    `yaml:"promote" enum:"never,auto" default:"never" doc:"auto: once it is safe, the arm that wins answers all requests."`
}

// The values of Outcome and Promote that are not the defaults.
const (
	OutcomeAccepted = "accepted"
	PromoteAuto     = "auto"
)

// Bounds returns the lowest and the highest rating.
func (s *Split) Bounds() (low, high float64) {
	if len(s.Range) != 2 {
		return 0, 1
	}
	return s.Range[0], s.Range[1]
}

// Names returns the arms, the largest first, those alike by name.
func (s *Split) Names() []string {
	return slices.SortedFunc(maps.Keys(s.Arms), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Arms[b], s.Arms[a]), cmp.Compare(a, b))
	})
}

// Shadow sends copies of requests to another model, whose answers nobody waits for.
type Shadow struct {
	Model      string   `yaml:"model" required:"true" doc:"Model that answers."`
	CopyTo     string   `yaml:"copy_to" required:"true" doc:"Model that gets the copies; its answers are recorded only."`
	Share      float64  `yaml:"share" default:"1" doc:"Share of the answered requests that are copied, above 0 and at most 1."`
	AtMost     string   `yaml:"at_most" doc:"Most copies in a time, such as 5/s, 100/m or 1000/h; any number when left out."`
	Concurrent int      `yaml:"concurrent" default:"4" doc:"Copies running at a time; more are dropped, none waits."`
	PerDay     float64  `yaml:"per_day" doc:"US dollars that copies may cost a day, in UTC; any amount when left out."`
	Timeout    Duration `yaml:"timeout" default:"2m" doc:"How long a copy may take."`
}

var perSecond = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// Rate returns how many copies are allowed: so many in the long run per second, and so many at once; 0: any number.
func (s *Shadow) Rate() (rate float64, burst int, err error) {
	if s.AtMost == "" {
		return 0, 0, nil
	}
	count, unit, _ := strings.Cut(s.AtMost, "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(count), 64)
	per, ok := perSecond[strings.TrimSpace(unit)]
	if err != nil || !ok || !(n > 0 && n <= 1e6) {
		return 0, 0, fmt.Errorf("%q is no rate; write a number for a second, minute or hour, such as 5/s, 100/m or 1000/h", clip(s.AtMost))
	}
	rate = n / per.Seconds()
	return rate, max(1, int(math.Ceil(rate))), nil
}

// blendRefs returns the models that a blend names, in the order they are asked, and last one that gets copies.
func (m *Model) blendRefs() []ref {
	var refs []ref
	for i := range m.Fallback {
		refs = append(refs, ref{field: index("fallback", i), name: m.Fallback[i].Model})
	}
	if b := m.Balance; b != nil {
		for i := range b.Among {
			refs = append(refs, ref{field: index("balance.among", i), name: b.Among[i].Model})
		}
	}
	if h := m.Hedge; h != nil {
		refs = append(refs, ref{field: "hedge.model", name: h.Model})
		if h.With != "" {
			refs = append(refs, ref{field: "hedge.with", name: h.With})
		}
	}
	if s := m.Split; s != nil {
		for _, name := range s.Names() {
			refs = append(refs, ref{field: join("split.arms", name), name: name})
		}
	}
	if m.Route != nil {
		refs = append(refs, m.Route.refs()...)
	}
	if m.Ensemble != nil {
		refs = append(refs, m.Ensemble.refs()...)
	}
	if s := m.Shadow; s != nil {
		refs = append(refs, ref{field: "shadow.model", name: s.Model}, ref{field: "shadow.copy_to", name: s.CopyTo, silent: true})
	}
	return refs
}
