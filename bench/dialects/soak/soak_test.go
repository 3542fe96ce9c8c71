// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"io"
	"testing"

	"retort/bench/internal/rig"
)

// TestSoak is the soak in small: every pair of dialects, every act and both storms.
func TestSoak(t *testing.T) {
	result := rig.NewResult(t.Context(), "dialects")
	n := 500
	if testing.Short() {
		n = 200
	}
	if err := Run(t.Context(), Options{Requests: n, Clients: 16, Seed: 7, Log: t.Output()}, result); err != nil {
		t.Fatal(err)
	}
	for name, f := range result.Figures {
		if f.Pass != nil && !*f.Pass {
			t.Errorf("%s is %v %s", name, f.Value, f.Unit)
		}
	}
}

// TestSoakSeesWhatIsWrong puts faulty answers before the judge.
func TestSoakSeesWhatIsWrong(t *testing.T) {
	whole := func(o *order) *heard {
		return &heard{status: 200, text: []byte(o.text()), usage: o.usage(), complete: true}
	}
	for name, tc := range map[string]struct {
		act         act
		spoil       func(*heard)
		err         error
		mixed, lost int
	}{
		"another's words":         {act: well, spoil: func(h *heard) { h.text = append(h.text, "é7.0 "...) }, mixed: 1},
		"another's argument":      {act: tool, spoil: func(h *heard) { h.argument, h.calls = "nonce-7", 1 }, mixed: 1},
		"a piece short":           {act: well, spoil: func(h *heard) { h.text = h.text[:8] }},
		"no end":                  {act: well, spoil: func(h *heard) { h.complete = false }},
		"no call":                 {act: tool, spoil: func(h *heard) {}},
		"a token too many":        {act: well, spoil: func(h *heard) { h.usage.output++ }},
		"a cached token too many": {act: well, spoil: func(h *heard) { h.usage.cached++ }},
		"an error":                {act: well, spoil: func(h *heard) { h.failed = "no" }},
		"cut, yet complete":       {act: cut, spoil: func(h *heard) { h.text = h.text[:8] }, lost: 1},
		"cut, and nothing said":   {act: short, spoil: func(h *heard) { h.text, h.complete = h.text[:8], false }, err: io.EOF, lost: 1},
		"a storm with 200":        {act: busy, spoil: func(h *heard) {}, lost: 1},
		"a storm with 503":        {act: busy, spoil: func(h *heard) { h.status, h.complete, h.text = 503, false, nil }},
		"left, yet complete":      {act: cancel, spoil: func(h *heard) {}, lost: 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := order{id: 12, act: tc.act, client: "openai", upstream: "openai", stream: true, pieces: 5}
			h := whole(&o)
			tc.spoil(h)
			r := &report{met: map[meeting]int{}}
			s := &soaker{report: r}
			s.judge(&o, h, tc.err)
			if len(r.wrong) != 1 || r.mixed != tc.mixed || r.short != tc.lost {
				t.Errorf("wrong %q, %d mixed, %d short; want 1, %d, %d", r.wrong, r.mixed, r.short, tc.mixed, tc.lost)
			}
			h = whole(&o)
			if o.calls() {
				h.calls, h.argument = 1, o.argument()
			}
			if r = (&report{met: map[meeting]int{}}); o.answered() {
				s.report = r
				if s.judge(&o, h, nil); len(r.wrong) > 0 || r.whole != 1 {
					t.Errorf("a right answer is taken for a wrong one: %q", r.wrong)
				}
			}
		})
	}
}
