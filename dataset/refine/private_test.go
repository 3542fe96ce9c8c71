// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"encoding/json"
	"strings"
	"testing"

	"retort/dataset"
)

func TestPrivateListsKindsAndNeverShowsThem(t *testing.T) {
	in := []dataset.Example{ex("write to jane@example.org or joe@example.org", "a"), ex("card 4111 1111 1111 1111, jane@example.org", "b"), ex("order 12345", "a")}
	left, report := run(t, "private", Options{}, in)
	if len(left) != 3 || left[0].Text != in[0].Text || report.Flagged["email"] != 2 || report.Flagged["card"] != 1 {
		t.Errorf("left %d, flagged %v; want all three, 2 email and 1 card", len(left), report.Flagged)
	}
	if text, err := json.Marshal(report); err != nil || strings.Contains(string(text), "jane") || strings.Contains(string(text), "4111") {
		t.Errorf("report %s, %v", text, err)
	}
}
