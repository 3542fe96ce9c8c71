// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"errors"
	"strings"
	"testing"
)

// Of a task that turns by itself is told that nothing is to be done, and what would keep its students from ever serving.
func TestWheelLacks(t *testing.T) {
	for _, c := range []struct{ terms, why, hint string }{
		{"", "promotes none: whether the terms allow learning from it is not known of large", "say so of model large: distillation: {status: allowed"},
		{", distillation: {status: allowed, basis: ours}", "no student was promoted", "turns by itself while retort serves"},
		{", distillation: {status: forbidden, basis: terms of use}", "must not be distilled", "name another teacher"},
	} {
		p := open(t, strings.Replace(`providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}TERMS}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large, agreement: 0.9, audit: {share: 0.5}, wheel: {first: 200, growth: 0.5}}
`, "TERMS", c.terms, 1))
		l, lacks := p.LackOf("desk")
		if !lacks || !strings.Contains(l.Why, c.why) || !strings.Contains(l.Hint, c.hint) {
			t.Errorf("with %q: %v, %+v", c.terms, lacks, l)
		}
	}
}

// What cannot be taken up is news once for each, and told until something else is taken up.
func TestRefusalsAreTold(t *testing.T) {
	p := open(t, caches)
	cannot := errors.New("it is damaged")
	if !p.Refuse("desk", "a", cannot) || p.Refuse("desk", "a", cannot) || !p.Refuse("desk", "b", cannot) {
		t.Error("the same refusal is news twice, or another is none")
	}
	if all := p.Lacking(); len(all) != 1 || all[0].Why != "student b cannot serve: it is damaged" {
		t.Errorf("it lacks %+v", all)
	}
	p.Accept("desk")
	p.Desks["desk"].Staff("c", sure{})
	if all := p.Lacking(); len(all) != 0 {
		t.Errorf("it lacks %+v", all)
	}
	for _, name := range []string{"large", "nobody"} {
		if l, lacks := p.LackOf(name); lacks {
			t.Errorf("%s lacks %+v", name, l)
		}
	}
}
