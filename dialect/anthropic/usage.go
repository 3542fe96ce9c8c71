// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"math"

	"retort/dialect/internal/object"
	"retort/model"
)

// counts are tokens as the API counts them: input is what was neither read from the cache nor written to it.
type counts struct{ input, cached, written, output, thinking int }

func (c *counts) usage() model.Usage {
	return model.Usage{Input: c.input + c.cached + c.written, Cached: c.cached, Written: c.written,
		Output: c.output, Reasoning: c.thinking}
}

// usage reads counts. Those that are not said stay as they are, since a stream says them bit by bit.
func (d *decoder) usage(c *counts, tier *string) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		switch key {
		case "input_tokens":
			return d.tokens(&c.input)
		case "cache_read_input_tokens":
			return d.tokens(&c.cached)
		case "cache_creation_input_tokens":
			return d.tokens(&c.written)
		case "output_tokens":
			return d.tokens(&c.output)
		case "output_tokens_details":
			return d.details(c)
		case "service_tier":
			return d.Str(tier)
		}
		d.Skip()
		return nil
	})
}

func (d *decoder) tokens(n *int) error {
	_, err := d.Count(n, 0, math.MaxInt32)
	return err
}

func (d *decoder) details(c *counts) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		if key == "thinking_tokens" {
			return d.tokens(&c.thinking)
		}
		d.Skip()
		return nil
	})
}

// writeUsage writes counts in the API's way.
func writeUsage(w *object.Writer, u *model.Usage, tier string) {
	w.Key("usage")
	mark := w.Open()
	w.Whole("input_tokens", int64(max(0, u.Input-u.Cached-u.Written)))
	w.Whole("cache_creation_input_tokens", int64(u.Written))
	w.Whole("cache_read_input_tokens", int64(u.Cached))
	w.Whole("output_tokens", int64(u.Output))
	if u.Reasoning > 0 {
		w.Key("output_tokens_details")
		inner := w.Open()
		w.Whole("thinking_tokens", int64(u.Reasoning))
		w.Close(inner)
	}
	w.TextIf("service_tier", tier)
	w.Close(mark)
}
