// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

// Model is a trained classifier. It is not modified once made and safe for concurrent use.
type Model struct {
	vocabulary *vocabulary
	networks   []*network
}

// Scratch is the buffers of one prediction at a time. The zero value is ready; use it for one goroutine at a time. It
// grows to fit the longest text that a model reads and may be used with several models.
type Scratch struct {
	tokenizer   tokenizer
	tokens      tokens
	activations activations
}

// Classes returns the number of classes.
func (m *Model) Classes() int { return m.networks[0].classes }

// Logits returns, for each class, the mean of the networks' logits: a distribution's logarithm but for a constant, not
// calibrated. The result is dst[:Classes()] where dst has the capacity. Nothing is allocated then, once s has been used.
// Any text has an answer: of a long one the beginning is read, and without words it is what the networks are left with.
func (m *Model) Logits(dst []float32, text string, s *Scratch) []float32 {
	m.vocabulary.encode(&s.tokens, &s.tokenizer, text)
	dst = grow(dst, m.Classes())
	clear(dst)
	for _, n := range m.networks {
		n.embed(&s.activations, &s.tokens)
		n.convolve(&s.activations, len(s.tokens.words), false)
		n.classify(&s.activations)
		for c := range dst {
			dst[c] += s.activations.logits[c]
		}
	}
	for c := range dst {
		dst[c] /= float32(len(m.networks))
	}
	return dst
}
