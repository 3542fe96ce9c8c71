// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"retort/internal/sections"
)

// ErrCorrupt is in the chain of every error about bytes that are not a whole verifier, or not what Fit found.
var ErrCorrupt = errors.New("not a valid file; fetch it again, or tune anew")

// The files: the envelope is that of docs/student-format.md. FormatVersion changes when features do, since weights mean
// nothing for others.
const FormatVersion = 1

var (
	learnedFormat = sections.Format{Magic: "RETORTJL", Version: FormatVersion, Name: "learned verifier", Corrupt: ErrCorrupt}
	fittedFormat  = sections.Format{Magic: "RETORTJF", Version: FormatVersion, Name: "fitted cascade", Corrupt: ErrCorrupt}
)

// Sections of the files.
const (
	sectionCard    = iota + 1 // JSON
	sectionShape              // of a learned verifier: weights of the features of shape …
	sectionMiddle             // … their means …
	sectionScale              // … and their deviations
	sectionHashed             // weights of the buckets
	sectionLearned            // of a fitted cascade: the file of its learned verifier
)

// largest keeps weighted sums well inside what a float64 holds.
const largest = 1e6

// Encode returns the verifier's file.
func (l *Learned) Encode() ([]byte, error) {
	text, err := json.Marshal(l.card)
	if err != nil {
		return nil, fmt.Errorf("encode learned verifier: %w", err)
	}
	var w sections.Writer
	w.Add(sectionCard, text)
	w.Add(sectionShape, sections.LittleEndian(l.shape))
	w.Add(sectionMiddle, sections.LittleEndian(l.middle))
	w.Add(sectionScale, sections.LittleEndian(l.scale))
	w.Add(sectionHashed, sections.LittleEndian(l.hashed))
	return w.Bytes(&learnedFormat), nil
}

// DecodeLearned returns the verifier whose file data holds, after checking its digest and every number. The verifier keeps
// data, which must not be modified any more. Bytes that are no verifier give an error that is ErrCorrupt.
func DecodeLearned(data []byte) (*Learned, error) {
	r, err := sections.Read(data, &learnedFormat)
	if err != nil {
		return nil, err
	}
	l := &Learned{}
	text, _ := r.Section(sectionCard)
	if err := json.Unmarshal(text, &l.card); err != nil {
		return nil, learnedFormat.Errorf("card: %v", err)
	}
	if !slices.Equal(l.card.Shapes, shapes) {
		return nil, learnedFormat.Errorf("its features are not those of this program")
	}
	n := uint64(len(shapes))
	l.shape, l.middle = sections.View[float32](r, sectionShape, n), sections.View[float32](r, sectionMiddle, n)
	l.scale, l.hashed = sections.View[float32](r, sectionScale, n), sections.View[float32](r, sectionHashed, buckets)
	if err := r.Err(); err != nil {
		return nil, err
	}
	return l, l.check()
}

// check makes sure that no text can lead to a score that is no number.
func (l *Learned) check() error {
	for _, array := range [][]float32{l.shape, l.middle, l.scale, l.hashed} {
		for _, x := range array {
			if !(x >= -largest && x <= largest) {
				return learnedFormat.Errorf("a weight is %v", x)
			}
		}
	}
	for _, x := range l.scale {
		if x < 1e-6 {
			return learnedFormat.Errorf("a deviation is %v", x)
		}
	}
	for _, x := range []float64{l.card.Bias, l.card.Slope, l.card.Tilt} {
		if !(math.Abs(x) <= largest) {
			return learnedFormat.Errorf("the calibration has %v", x)
		}
	}
	if l.card.Slope < 0 || l.card.Tilt < 0 {
		return learnedFormat.Errorf("the calibration falls")
	}
	return nil
}

// Encode returns the file of what was fitted.
func (f *Fitted) Encode() ([]byte, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode fitted cascade: %w", err)
	}
	var w sections.Writer
	w.Add(sectionCard, text)
	if f.Learned != nil {
		body, err := f.Learned.Encode()
		if err != nil {
			return nil, err
		}
		w.Add(sectionLearned, body)
	}
	return w.Bytes(&fittedFormat), nil
}

// DecodeFitted returns what was fitted from its file, after checking its digest and every number. It keeps data, which must
// not be modified any more. Bytes that are no such file give an error that is ErrCorrupt.
func DecodeFitted(data []byte) (*Fitted, error) {
	r, err := sections.Read(data, &fittedFormat)
	if err != nil {
		return nil, err
	}
	f := &Fitted{}
	text, _ := r.Section(sectionCard)
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fittedFormat.Errorf("card: %v", err)
	}
	if c := f.Certificate; c.Speaks() && !(c.Threshold >= 0 && c.Threshold <= 1) {
		return nil, fittedFormat.Errorf("the threshold is %v", c.Threshold)
	}
	if f.Prompt != nil {
		if err := f.Prompt.Check(false); err != nil {
			return nil, fittedFormat.Errorf("prompt: %v", err)
		}
	}
	if body, ok := r.Section(sectionLearned); ok {
		if f.Learned, err = DecodeLearned(body); err != nil {
			return nil, err
		}
	}
	return f, nil
}
