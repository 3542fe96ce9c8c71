// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"strings"

	"retort/dialect"
	"retort/dialect/internal/clamp"
	"retort/dialect/internal/tier"
	"retort/model"
)

// mostUser is how long the vendor lets the id of an end user be, in characters.
const mostUser = 64

// endUser returns an id that the vendor takes for an end user, the same each time. Clients of other dialects send
// longer ones.
func (e *encoder) endUser(id string) string {
	if e.own {
		return id
	}
	return clamp.EndUser(id, mostUser)
}

// tierNamed returns what answers call a service tier that another vendor may have named; empty when none is like it.
func tierNamed(name string) string {
	name, _ = tier.OpenAI(name)
	if name == "fast" { // a name to ask for; answers have the other
		return "priority"
	}
	return name
}

// tier returns the service tier to ask for. Chat Completions has the same ones.
func (e *encoder) tier(asked string) string {
	if asked == "" || !e.Foreign || e.origin == "openai" {
		return asked
	}
	name, ok := tier.OpenAI(asked)
	if !ok {
		e.left(string(dialect.ServiceTier))
	}
	return name
}

// What becomes of answers, in the vendor's words.
const (
	completed  = "completed"
	incomplete = "incomplete"
	failed     = "failed"
)

// ending returns what has become of an answer that ended for a reason, and why it is incomplete if it is. Reasons that
// nobody knows are failures: the answer is not what the model wanted to say.
func ending(f model.Finish) (status, why string) {
	switch strings.ToLower(string(f)) {
	case "", string(model.FinishStop), string(model.FinishToolCalls), "eos", "eos_token", "end_turn", "stop_sequence", "complete":
		return completed, ""
	case string(model.FinishLength), string(model.FinishPause), "max_tokens", "max_output_tokens", "model_length",
		"context_length_exceeded", "model_context_window_exceeded":
		return incomplete, "max_output_tokens"
	case string(model.FinishFilter), string(model.FinishRefusal), "content_filtered", "guardrail_intervened", "safety":
		return incomplete, "content_filter"
	}
	return failed, ""
}
