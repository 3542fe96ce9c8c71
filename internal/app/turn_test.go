// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"retort/flow"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// A turn says what became of its student: labels that an alarm moved while it trained are no reason for a canary that the wheel ends at once.
func TestTurnsOfBeforeAnAlarm(t *testing.T) {
	for moved, want := range map[bool]store.TurnOutcome{false: store.TurnCanary, true: store.TurnCandidate} {
		_, url := newUpstream(t, 500, 0)
		a := openFor(t, url, strings.Replace(wheelDesk, "{provider: up,", "{provider: up, distillation: {status: allowed, basis: a test},", 1))
		texts, _ := labelled(500)
		serveWhile(t, a, func(ask func(string) string) {
			for _, text := range texts {
				ask(text)
			}
		})
		turn, err := a.TurnRun(t.Context(), "desk", wheel.ByPerson, func(string, int, int) {}, func(flow.Run, bool) {
			if !moved {
				return
			}
			if err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: "before", Why: "a test",
				Evidence: fmt.Appendf(nil, `{"kind":"alarm_service","since":%d}`, time.Now().UnixNano())}); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if turn.Outcome != want || moved != strings.Contains(turn.Says, wheel.Late) {
			t.Errorf("labels moved %v: got %s, %q; want %s", moved, turn.Outcome, turn.Says, want)
		}
	}
}
