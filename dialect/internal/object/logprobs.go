// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import "retort/model"

// Logprobs reads a list of tokens with their log-probabilities, in the shape that OpenAI gave it and others took over, and
// appends it to *list; null leaves it.
func (r *Reader) Logprobs(list *[]model.TokenLogprob) error {
	if r.Null() {
		return nil
	}
	return r.Elems(func(int) error {
		var t model.TokenLogprob
		err := r.Members(func(key string) error {
			switch key {
			case "token":
				return r.Str(&t.Token)
			case "logprob":
				var v *float64
				err := r.Number(&v)
				if v != nil {
					t.Logprob = *v
				}
				return err
			case "bytes":
				return r.octets(&t.Bytes)
			case "top_logprobs":
				return r.Logprobs(&t.Top)
			}
			r.Skip()
			return nil
		})
		*list = append(*list, t)
		return err
	})
}

// octets reads bytes that are given as numbers.
func (r *Reader) octets(dst *[]byte) error {
	if r.Null() {
		return nil
	}
	return r.Elems(func(int) error {
		var n int
		_, err := r.Count(&n, 0, 255)
		*dst = append(*dst, byte(n))
		return err
	})
}
