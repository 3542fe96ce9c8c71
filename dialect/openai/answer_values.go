// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"math"

	"retort/model"
)

// usage reads the count of tokens; null leaves u as it is.
func (d *decoder) usage(u *model.Usage) error {
	if d.Null() {
		return nil
	}
	var n model.Usage
	err := d.Members(func(key string) error {
		switch key {
		case "prompt_tokens":
			return d.tokens(&n.Input)
		case "completion_tokens":
			return d.tokens(&n.Output)
		case "prompt_tokens_details":
			return d.inputDetails(&n)
		case "completion_tokens_details":
			return d.outputDetails(&n)
		case "prompt_cache_hit_tokens": // as DeepSeek has it
			return d.tokens(&n.Cached)
		}
		d.Skip()
		return nil
	})
	if err == nil {
		*u = n
	}
	return err
}

func (d *decoder) tokens(n *int) error {
	_, err := d.Count(n, 0, math.MaxInt32)
	return err
}

func (d *decoder) inputDetails(n *model.Usage) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		switch key {
		case "cached_tokens":
			return d.tokens(&n.Cached)
		case "cache_write_tokens", "cache_creation_tokens": // as OpenRouter and LiteLLM have it
			return d.tokens(&n.Written)
		}
		d.Skip()
		return nil
	})
}

func (d *decoder) outputDetails(n *model.Usage) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		if key == "reasoning_tokens" {
			return d.tokens(&n.Reasoning)
		}
		d.Skip()
		return nil
	})
}

// logprobs reads the log-probabilities of a choice: of its content, then of its refusal.
func (d *decoder) logprobs(probs *[]model.TokenLogprob) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		if key == "content" || key == "refusal" {
			return d.Logprobs(probs)
		}
		d.Skip()
		return nil
	})
}
