// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import "testing"

// TestBurstsAreNoOtherInput has requests come in bursts, and the teacher take its time: those that are left to it are told behind the others.
func TestBurstsAreNoOtherInput(t *testing.T) {
	const runs = 20
	loud := 0
	for seed := range uint64(runs) {
		world := newWorld(seed, 20)
		w := newWheel(t, Options{Seed: seed, Growth: 100})
		world.run(t, w, 1500, steady(20))
		if w.Status().Champion == nil {
			continue
		}
		for range 10 {
			var late []func()
			for range 500 {
				text, label := world.next()
				ticket := w.Ask()
				o := Outcome{Text: text, Said: ticket.Serving.Ask(text)}
				d := ticket.Decide(o.Said)
				if o.Given = d.Give; d.Ask {
					o.Label = label
				}
				if !d.Ask {
					w.Tell(ticket, o)
					continue
				}
				w.See(ticket, o.Said, o.Also)
				o.Seen = true
				late = append(late, func() { w.Tell(ticket, o) })
			}
			for _, tell := range late {
				tell()
			}
			if w.Status().Champion == nil {
				break
			}
		}
		if n := alarms(w)[AlarmInput]; n > 0 {
			loud++
			t.Logf("seed %d: %d alarms", seed, n)
		}
	}
	if loud > 1 {
		t.Errorf("in %d of %d runs the input was taken for another", loud, runs)
	}
}
