// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import "retort/internal/sections"

// Any is a student of either kind: a [*Student], which answers with labels, or an [*Extractor], which answers with objects.
// It is safe for concurrent use.
type Any interface {
	// Answer returns the label or the canonical object for a text, and the calibrated probability that the teacher's is the
	// same.
	Answer(text string) (answer string, score float64)
	Card() Card
	WriteFile(path string) (int64, error)
}

// Answer is Predict without the number of the label.
func (s *Student) Answer(text string) (answer string, score float64) {
	p := s.Predict(text)
	return p.Label, p.Score
}

// Answer is Extract without what is known of single fields.
func (e *Extractor) Answer(text string) (answer string, score float64) {
	var x Extraction
	e.Extract(&x, text)
	return string(x.Object), x.Score
}

// WithCard returns the same student with another card, see [Student.WithCard] and [Extractor.WithCard].
func WithCard(s Any, card Card) Any {
	if e, ok := s.(*Extractor); ok {
		return e.WithCard(card)
	}
	return s.(*Student).WithCard(card)
}

// DecodeAny returns the student whose file data holds, as [Decode] or [DecodeExtractor] does.
func DecodeAny(data []byte) (Any, error) {
	r, err := sections.Read(data, &fileFormat)
	if err != nil {
		return nil, err
	}
	if answersObjects(r) {
		return anyOf(decodeExtractor(r))
	}
	return anyOf(decodeStudent(r))
}

// anyOf keeps a nil pointer out of the interface.
func anyOf[S Any](s S, err error) (Any, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// answersObjects reports whether a file holds an Extractor.
func answersObjects(r *sections.Reader) bool {
	_, ok := r.Section(sectionExtractor)
	return ok
}
