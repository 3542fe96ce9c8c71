// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import "retort/internal/sections"

// Any is a student of either kind: a [*Student], which answers with labels, or an [*Extractor], which answers with objects.
// It is safe for concurrent use.
type Any interface {
	// Answer returns the label or the canonical object for a text, and the calibrated probability that the teacher's is the
	// same: 0 where the student would not answer whatever the threshold, see [Novelty.Sure].
	Answer(text string) (answer string, score float64)
	// Notice is Answer that also says whether the text is novel, see [Novelty].
	Notice(text string) (answer string, score float64, novel bool)
	// Detail is Notice with what is known of the fields of an object.
	Detail(text string) Detail
	Card() Card
	WriteFile(path string) (int64, error)
}

// Detail is what a student says of a text.
type Detail struct {
	Answer string
	Score  float64 // as that of Answer
	Novel  bool
	// Fields has for each field of an object the calibrated probability that the teacher's value would be the same, or 0 where
	// the student would not answer whatever the threshold; nil for labels.
	Fields []float64
}

// Answer is Predict without the number of the label.
func (s *Student) Answer(text string) (answer string, score float64) {
	answer, score, _ = s.Notice(text)
	return answer, score
}

// Notice is Answer that also says whether the text is novel.
func (s *Student) Notice(text string) (answer string, score float64, novel bool) {
	p := s.Predict(text)
	return p.Label, s.card.Novelty.Sure(p.Score, p.Novel), p.Novel
}

// Detail is Notice: a label has no fields.
func (s *Student) Detail(text string) Detail {
	answer, score, novel := s.Notice(text)
	return Detail{Answer: answer, Score: score, Novel: novel}
}

// Answer is Extract without what is known of single fields.
func (e *Extractor) Answer(text string) (answer string, score float64) {
	answer, score, _ = e.Notice(text)
	return answer, score
}

// Notice is Answer that also says whether the text is novel.
func (e *Extractor) Notice(text string) (answer string, score float64, novel bool) {
	d := e.Detail(text)
	return d.Answer, d.Score, d.Novel
}

// Detail is Extract without the places of the values.
func (e *Extractor) Detail(text string) Detail {
	var x Extraction
	e.Extract(&x, text)
	return x.Detail(e.card.Novelty)
}

// Detail returns what a student whose card has this novelty says.
func (x *Extraction) Detail(n *Novelty) Detail {
	d := Detail{Answer: string(x.Object), Score: n.Sure(x.Score, x.Novel), Novel: x.Novel, Fields: make([]float64, len(x.Fields))}
	for f, score := range x.Fields {
		d.Fields[f] = n.Sure(score, x.Novel)
	}
	return d
}

// WithCard returns the same student with another card, see [Student.WithCard] and [Extractor.WithCard].
func WithCard(s Any, card Card) Any {
	if e, ok := s.(*Extractor); ok {
		return e.WithCard(card)
	}
	return s.(*Student).WithCard(card)
}

// EncodeAny returns the file of a student, as WriteFile writes it.
func EncodeAny(s Any) ([]byte, error) {
	if e, ok := s.(*Extractor); ok {
		return e.Encode()
	}
	return s.(*Student).Encode()
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
