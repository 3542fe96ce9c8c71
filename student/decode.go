// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"encoding/binary"
	"encoding/json"
	"errors"

	"retort/internal/sections"
	"retort/student/internal/encoder"
	"retort/student/internal/kernel"
	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// Decode returns the student whose file data holds, after checking its digest. The student keeps data, which must not
// be modified any more. Bytes that are no student give an error that is ErrCorrupt.
func Decode(data []byte) (*Student, error) {
	r, err := sections.Read(data, &fileFormat)
	if err != nil {
		return nil, err
	}
	if answersObjects(r) {
		return nil, errors.New("decode student: this student answers with objects; open it with OpenExtractor")
	}
	return decodeStudent(r)
}

func decodeStudent(r *sections.Reader) (*Student, error) {
	var card Card
	body, _ := r.Section(sectionCard)
	if err := json.Unmarshal(body, &card); err != nil {
		return nil, corrupt("card: %v", err)
	}
	var fixed shape
	body, _ = r.Section(sectionShape)
	if n, err := binary.Decode(body, binary.LittleEndian, &fixed); err != nil || n != len(body) {
		return nil, corrupt("shape has %d bytes", len(body))
	}
	if fixed.Outputs == 0 || fixed.Outputs > fixed.Labels || fixed.Labels > maxClasses || int64(fixed.Labels) != int64(len(card.Labels)) {
		return nil, corrupt("%d outputs, %d labels and %d names do not fit together", fixed.Outputs, fixed.Labels, len(card.Labels))
	}
	if fixed.Hidden > maxHidden {
		return nil, corrupt("%d hidden units", fixed.Hidden)
	}
	features, outputs := uint64(fixed.Features), uint64(fixed.Outputs)
	size := features*uint64(rowBytes(int(fixed.Outputs), int(fixed.Hidden))) + kernel.Slack
	m := &model{
		vectoriser: text.Vectoriser{
			Dictionary: text.Dictionary{
				Starts: sections.View[uint32](r, sectionStarts, uint64(fixed.Buckets)+1),
				Marks:  sections.View[uint32](r, sectionMarks, features),
			},
		},
		seen:   sections.View[int32](r, sectionSeen, outputs),
		linear: readLayer(r, sectionLinear, outputs),
	}
	if fixed.Hidden > 0 {
		m.hidden = readLayer(r, sectionHidden, uint64(fixed.Hidden))
		m.outer = sections.View[float32](r, sectionOuter, uint64(fixed.Hidden)*uint64(linear.Padded(int(outputs))))
	}
	if body, ok := r.Section(sectionEncoder); ok {
		var err error
		if m.encoder, err = encoder.Decode(body); err != nil {
			return nil, corrupt("encoder: %v", err)
		}
		if m.encoder.Classes() != int(outputs) {
			return nil, corrupt("the encoder has %d outputs, should have %d", m.encoder.Classes(), outputs)
		}
	}
	heat := sections.View[float32](r, sectionHeat, uint64(m.members()))
	words, small := sections.View[uint16](r, sectionRows, size/2), sections.View[int8](r, sectionRows, size)
	if err := r.Err(); err != nil {
		return nil, err
	}
	body, _ = r.Section(sectionRows)
	m.attach(body, words, small)
	if err := checkModel(m, fixed.Labels, heat, &fileFormat); err != nil {
		return nil, err
	}
	return newStudent(card, m, heat), nil
}

func readLayer(r *sections.Reader, id uint32, width uint64) *layer {
	l := &layer{bias: sections.View[float32](r, id, width)}
	if unit := sections.View[float32](r, id+1, 1); len(unit) == 1 {
		l.unit = unit[0]
	}
	return l
}

// checkModel makes a model ready, and makes sure that no text can lead outside the arrays or to a score that is no number.
func checkModel(m *model, labels uint32, heat []float32, format *sections.Format) error {
	if err := m.vectoriser.Dictionary.Prepare(); err != nil {
		return format.Errorf("%v", err)
	}
	for c, class := range m.seen {
		if class < 0 || uint32(class) >= labels || c > 0 && class <= m.seen[c-1] {
			return format.Errorf("output %d stands for class %d", c, class)
		}
	}
	factors := append([][]float32{heat, {m.linear.unit}, m.linear.bias}, m.outer)
	if m.hidden != nil {
		factors = append(factors, []float32{m.hidden.unit}, m.hidden.bias)
	}
	for _, array := range factors {
		if err := checkFactors(array, format); err != nil {
			return err
		}
	}
	return nil
}
