// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"fmt"
	"strings"
	"testing"
)

// A ranker chooses among models that it has met; of others it is refused, and they are asked in order as before.
func TestBestOfRefusesARankerOfOthers(t *testing.T) {
	p := open(t, `providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  mad: {provider: up}
  c: {provider: up}
  ranked: {ensemble: {best_of: {of: [mad, c], by: learned}}}
`)
	var outcomes strings.Builder
	for i := range 60 {
		fmt.Fprintf(&outcomes, `{"input": "request %d", "outcomes": {"mad": {"answer": "I am mad.", "quality": %d}, "c": {"answer": "I am c.", "quality": 1}}}`+"\n", i, i%2)
	}
	blend := p.Tunables["ranked"].(*bestOf)
	tuning := fitted(t, blend, outcomes.String())
	if by := ask(t, p, "ranked", "q"); by != "up/mad" {
		t.Errorf("%s answers while nothing is learned, want the first", by)
	}
	if err := blend.Take(tuning); err != nil || blend.Tuned() != tuning.ID {
		t.Fatalf("tuned by %q, %v", blend.Tuned(), err)
	}
	if by := ask(t, p, "ranked", "q"); by != "up/c" {
		t.Errorf("%s answers, want the better one", by)
	}
	if err := blend.Take(nil); err != nil {
		t.Fatal(err)
	}
	blend.panel.Members[0].Name = "stranger"
	if err := blend.Take(tuning); err == nil || !strings.Contains(err.Error(), "does not know stranger") || blend.Tuned() != "" {
		t.Errorf("a member that the ranker has not met: %v", err)
	}
}
