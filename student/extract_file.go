// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"retort/internal/sections"
	"retort/student/internal/kernel"
	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// Sections of an extractor's file, which has the envelope of a student's.
const (
	sectionObjectShape = sectionExtractor + iota
	sectionHeads       // whole student files, one behind the other
	sectionFamiliar    // two sections: starts, marks
	_
	sectionWhole
	sectionFields
	sectionRanks
	sectionTags // two sections: starts, marks
	_
	sectionTagRows
	sectionTagUnit
	sectionTagSteps
	sectionFrequent // two sections: starts, marks
	_
	sectionPhrases // two sections: starts, marks
	_
	sectionPhraseFields
	sectionAllowed
)

// objectShape holds the few numbers of an extractor that are not arrays.
type objectShape struct {
	Familiar, FamiliarBuckets uint32
	Ranks                     uint32
	Tags                      uint32 // fields of the tagger; 0: there is none, and the rest is 0
	Features, FeatureBuckets  uint32
	Frequent, FrequentBuckets uint32
	Phrases, PhraseBuckets    uint32
	Allowed                   uint32 // rows
}

// Encode returns the student's file.
func (e *Extractor) Encode() ([]byte, error) {
	card, err := json.Marshal(e.card)
	if err != nil {
		return nil, fmt.Errorf("encode student: card: %w", err)
	}
	var heads []byte
	for i := range e.heads {
		file, err := e.heads[i].student.Encode()
		if err != nil {
			return nil, err
		}
		heads = append(heads, file...)
	}
	var w sections.Writer
	fixed := objectShape{Ranks: uint32(len(e.confidence.ranks))}
	w.Add(sectionCard, card)
	w.Add(sectionHeads, heads)
	fixed.Familiar, fixed.FamiliarBuckets = addDictionary(&w, sectionFamiliar, e.familiar)
	w.Add(sectionWhole, sections.LittleEndian(e.confidence.whole))
	w.Add(sectionFields, sections.LittleEndian(e.confidence.fields))
	w.Add(sectionRanks, sections.LittleEndian(e.confidence.ranks))
	if m := e.tagger; m != nil {
		fixed.Tags, fixed.Allowed = uint32(len(m.fields)), uint32(len(m.allowed))
		fixed.Features, fixed.FeatureBuckets = addDictionary(&w, sectionTags, m.dictionary)
		fixed.Frequent, fixed.FrequentBuckets = addDictionary(&w, sectionFrequent, m.lexicon.Frequent)
		fixed.Phrases, fixed.PhraseBuckets = addDictionary(&w, sectionPhrases, m.lexicon.Phrases)
		w.Add(sectionPhraseFields, sections.LittleEndian(m.lexicon.Fields))
		w.Add(sectionTagRows, m.rows)
		w.Add(sectionTagUnit, sections.LittleEndian([]float32{m.layer.unit}))
		w.Add(sectionTagSteps, sections.LittleEndian(m.steps))
		w.Add(sectionAllowed, sections.LittleEndian(slices.Concat(m.allowed...)))
	}
	body, err := binary.Append(nil, binary.LittleEndian, fixed)
	if err != nil {
		return nil, fmt.Errorf("encode student: shape: %w", err)
	}
	w.Add(sectionObjectShape, body)
	file := w.Bytes(&fileFormat)
	runtime.KeepAlive(e) // littleEndian and bytes have copied all by now
	return file, nil
}

func addDictionary(w *sections.Writer, id uint32, d text.Dictionary) (features, buckets uint32) {
	w.Add(id, sections.LittleEndian(d.Starts))
	w.Add(id+1, sections.LittleEndian(d.Marks))
	return uint32(d.Len()), uint32(len(d.Starts) - 1)
}

// WriteFile writes the student to path, as [Student.WriteFile] does. It returns the size of the file.
func (e *Extractor) WriteFile(path string) (int64, error) {
	data, err := e.Encode()
	if err != nil {
		return 0, err
	}
	if err := sections.WriteFile(path, data); err != nil {
		return 0, fmt.Errorf("write student %s: %w", path, err)
	}
	return int64(len(data)), nil
}

// OpenExtractor returns the student stored at path. What [Open] says holds here too.
func OpenExtractor(path string) (*Extractor, error) {
	data, mapping, err := fileFormat.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	e, err := DecodeExtractor(data)
	if err != nil {
		_ = mapping.Close() // the other error says more
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	e.mapping = mapping
	return e, nil
}

// DecodeExtractor returns the student whose file data holds, as [Decode] does.
func DecodeExtractor(data []byte) (*Extractor, error) {
	r, err := sections.Read(data, &fileFormat)
	if err != nil {
		return nil, err
	}
	if _, label := r.Section(sectionShape); label && !answersObjects(r) {
		return nil, errors.New("decode student: this student answers with one label; open it with Open")
	}
	return decodeExtractor(r)
}

func decodeExtractor(r *sections.Reader) (*Extractor, error) {
	body, _ := r.Section(sectionExtractor)
	var card Card
	about, _ := r.Section(sectionCard)
	if err := json.Unmarshal(about, &card); err != nil {
		return nil, corrupt("card: %v", err)
	}
	if card.Schema == nil || card.Schema.Check() != nil {
		return nil, corrupt("the card has no schema of objects")
	}
	var fixed objectShape
	if n, err := binary.Decode(body, binary.LittleEndian, &fixed); err != nil || n != len(body) {
		return nil, corrupt("shape has %d bytes", len(body))
	}
	schema := *card.Schema
	files, _ := r.Section(sectionHeads)
	heads, err := readHeads(&schema, files)
	if err != nil {
		return nil, err
	}
	familiar := readDictionary(r, sectionFamiliar, fixed.Familiar, fixed.FamiliarBuckets)
	c := confidence{
		whole:  sections.View[float32](r, sectionWhole, objectTerms),
		fields: sections.View[float32](r, sectionFields, uint64(fieldTerms*len(schema.Fields))),
		ranks:  sections.View[float32](r, sectionRanks, uint64(fixed.Ranks)),
	}
	m, unit, err := readTagger(r, &schema, fixed)
	if err != nil {
		return nil, err
	}
	if err := checkExtractor(&familiar, &c, m, unit); err != nil {
		return nil, err
	}
	if m != nil {
		rows, _ := r.Section(sectionTagRows)
		m.attach(rows, unit)
	}
	return newExtractor(card, schema, heads, m, familiar, c), nil
}

// readHeads reads whole student files, one behind the other.
func readHeads(schema *Schema, data []byte) ([]head, error) {
	heads := headsOf(schema)
	for i := range heads {
		h := &heads[i]
		if len(data) < sections.HeaderBytes {
			return nil, corrupt("%d of %d classifiers", i, len(heads))
		}
		size := binary.LittleEndian.Uint64(data[16:])
		if size < sections.HeaderBytes || size > uint64(len(data)) {
			return nil, corrupt("classifier %d has %d bytes", i, size)
		}
		var err error
		if h.student, err = Decode(data[:size:size]); err != nil {
			return nil, fmt.Errorf("classifier %d: %w", i, err)
		}
		if !slices.Equal(h.student.Labels(), schema.Fields[h.field].headLabels()) {
			return nil, corrupt("the labels of classifier %d are not those of field %q", i, schema.Fields[h.field].Name)
		}
		data = data[size:]
	}
	return heads, nil
}

func readDictionary(r *sections.Reader, id, features, buckets uint32) text.Dictionary {
	return text.Dictionary{Starts: sections.View[uint32](r, id, uint64(buckets)+1), Marks: sections.View[uint32](r, id+1, uint64(features))}
}

// readTagger reads a tagger and the unit of its weights. It reports the first array that has not the length it should.
func readTagger(r *sections.Reader, schema *Schema, fixed objectShape) (*tagger, float32, error) {
	m := &tagger{fields: schema.inText()}
	if int(fixed.Tags) != len(m.fields) {
		return nil, 0, corrupt("a tagger of %d fields, should be %d", fixed.Tags, len(m.fields))
	}
	if fixed.Tags == 0 {
		return nil, 0, r.Err()
	}
	labels := tagLabels(len(m.fields))
	m.dictionary = readDictionary(r, sectionTags, fixed.Features, fixed.FeatureBuckets)
	m.lexicon = text.Lexicon{
		Frequent: readDictionary(r, sectionFrequent, fixed.Frequent, fixed.FrequentBuckets),
		Phrases:  readDictionary(r, sectionPhrases, fixed.Phrases, fixed.PhraseBuckets),
		Fields:   sections.View[uint64](r, sectionPhraseFields, uint64(fixed.Phrases)),
	}
	m.steps = sections.View[float32](r, sectionTagSteps, uint64(labels*linear.Padded(labels)))
	sections.View[int8](r, sectionTagRows, uint64(fixed.Features)*uint64(tagRowBytes(labels))+kernel.Slack)
	words := (len(m.fields) + 31) / 32
	allowed := sections.View[uint32](r, sectionAllowed, uint64(fixed.Allowed)*uint64(words))
	unit := sections.View[float32](r, sectionTagUnit, 1)
	if err := r.Err(); err != nil {
		return nil, 0, err
	}
	for ; len(allowed) > 0; allowed = allowed[words:] {
		m.allowed = append(m.allowed, allowed[:words])
	}
	return m, unit[0], nil
}

// checkExtractor makes the dictionaries ready, and makes sure that no text can lead outside the arrays or to a score that is
// no number.
func checkExtractor(familiar *text.Dictionary, c *confidence, m *tagger, unit float32) error {
	dictionaries := []*text.Dictionary{familiar}
	factors := [][]float32{c.whole, c.fields, c.ranks, {unit}}
	if m != nil {
		dictionaries = append(dictionaries, &m.dictionary, &m.lexicon.Frequent, &m.lexicon.Phrases)
		factors = append(factors, m.steps)
		for _, mask := range m.lexicon.Fields {
			if len(m.fields) < text.MaxPhraseFields && mask>>len(m.fields) != 0 {
				return corrupt("a phrase of a field that is not there")
			}
		}
	}
	for _, d := range dictionaries {
		if err := d.Prepare(); err != nil {
			return corrupt("%v", err)
		}
	}
	for _, array := range factors {
		if err := checkFactors(array, &fileFormat); err != nil {
			return err
		}
	}
	return nil
}

// checkFactors reports a number that is none, or that is too large to calculate with.
func checkFactors(array []float32, format *sections.Format) error {
	for _, x := range array {
		if !(x >= -largestFactor && x <= largestFactor) {
			return format.Errorf("a factor is %v", x)
		}
	}
	return nil
}
