// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"math"
	"strings"
	"unicode"

	"retort/model"
)

// Distribution returns what the tokens that spell an answer say about each label: the probabilities of the labels, which
// sum to one. The answer's own tokens and their alternatives are read as a tree. An alternative that begins one label
// only, after what was spelled before it, is all of that label's probability there; one that begins several is divided
// evenly among them; one that begins none counts for nothing. It is nil where there are no alternatives, or where the
// tokens do not spell the label.
func Distribution(labels []string, said string, tokens []model.TokenLogprob) map[string]float64 {
	if len(tokens) == 0 || len(tokens[0].Top) == 0 {
		return nil
	}
	s := spelling{labels: labels, mass: map[string]float64{}}
	if !s.walk(said, tokens) {
		return nil
	}
	sum := 0.0
	for _, p := range s.mass {
		sum += p
	}
	if !(sum > 0) {
		return nil
	}
	for label := range s.mass {
		s.mass[label] /= sum
	}
	return relevant(s.mass)
}

// negligible is the probability below which a label is not worth mentioning.
const negligible = 1e-4

// spelling divides probability among labels.
type spelling struct {
	labels []string
	mass   map[string]float64
}

// walk follows the tokens of an answer; false when they do not spell it.
func (s *spelling) walk(said string, tokens []model.TokenLogprob) bool {
	var whole strings.Builder
	for i := range tokens {
		whole.WriteString(tokens[i].Token)
	}
	at := strings.Index(strings.ToLower(whole.String()), strings.ToLower(said))
	if at < 0 || at >= len(tokens[0].Token) {
		return false
	}
	lead := tokens[0].Token[:at] // a quote or a blank before the label
	reach, spelled := 1.0, ""
	for i := range tokens {
		token, prefix := tokens[i].Token, ""
		if i == 0 {
			prefix = lead
		}
		own := math.Exp(tokens[i].Logprob)
		for _, other := range tokens[i].Top {
			if other.Token != token {
				s.divide(spelled+inside(other.Token, prefix), reach*math.Exp(other.Logprob))
			}
		}
		spelled += inside(token, prefix)
		reach *= own
		if len(spelled) >= len(said) {
			break
		}
	}
	s.mass[said] += reach
	return true
}

// inside returns a token without the lead that the answer's own token has before the label, or what may stand in its
// place.
func inside(token, lead string) string {
	if rest, ok := strings.CutPrefix(token, lead); ok && lead != "" {
		return rest
	}
	if lead == "" {
		return token
	}
	return strings.TrimLeftFunc(token, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
}

// divide gives probability to the labels that a text begins, or that begin it and end there.
func (s *spelling) divide(text string, p float64) {
	text = strings.ToLower(text)
	if text == "" {
		return
	}
	var fit []string
	for _, label := range s.labels {
		low := strings.ToLower(label)
		if strings.HasPrefix(low, text) || ends(text, low) {
			fit = append(fit, label)
		}
	}
	for _, label := range fit {
		s.mass[label] += p / float64(len(fit))
	}
}

// ends says whether a text is a label with no more than its end behind it.
func ends(text, label string) bool {
	rest, ok := strings.CutPrefix(text, label)
	return ok && !strings.ContainsFunc(rest, func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) })
}
