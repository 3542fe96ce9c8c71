// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTrailTakes(t *testing.T) {
	var to, from Trail
	to.Add(Attempt{Model: "a"})
	to.Choose(Arm{Split: "s", Name: "one"})
	from.Add(Attempt{Model: "b"})
	from.Choose(Arm{Split: "s", Name: "two"})
	from.Choose(Arm{Split: "t", Name: "three"})
	from.Pick(Pick{Blend: "r", Model: "b"})
	from.Drop("seed")
	to.Take(&from)
	from.Add(Attempt{Model: "c"})
	to.Take(&from)
	to.Take(nil)
	(*Trail)(nil).Take(&to)
	if diff := cmp.Diff([]Attempt{{Model: "a"}, {Model: "b"}, {Model: "c"}}, to.Attempts()); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Arm{{Split: "s", Name: "one"}, {Split: "t", Name: "three"}}, to.Arms()); diff != "" {
		t.Errorf("arms (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Pick{{Blend: "r", Model: "b"}}, to.Picks()); diff != "" {
		t.Errorf("picks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"seed"}, to.Dropped()); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if len(from.Attempts())+len(from.Arms())+len(from.Picks())+len(from.Dropped()) != 0 {
		t.Error("what was taken is still there")
	}
}
