// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"

	"retort/internal/sections"
	"retort/student"
)

// FormatVersion is the version of the file format that this package writes. docs/student-format.md describes it.
const FormatVersion = 2

// ErrCorrupt is in the chain of every error about bytes that are not a whole router.
var ErrCorrupt = errors.New("not a valid router file; fetch it again, or tune the route anew")

var fileFormat = sections.Format{Magic: "RETORTRT", Version: FormatVersion, Name: "router", Corrupt: ErrCorrupt}

// Sections of the file.
const (
	sectionHead = iota + 1
	sectionAverage
	sectionLow
	sectionHigh
	sectionMix
	sectionWeight
	sectionMean
	sectionScale
	sectionScorer
)

const (
	// mostModels bounds what a file may claim.
	mostModels = 4096
	// mostBytes is the largest router that Read accepts: 1 GB.
	mostBytes = 1 << 30
	// largestNumber keeps products of factors well inside float32.
	largestNumber = 1e15
)

// fileHead says what the arrays are about.
type fileHead struct {
	Models []string `json:"models"`
	Facts  int      `json:"facts"`

	Domains int     `json:"domains,omitempty"`
	Heat    float32 `json:"heat,omitempty"`

	Trees *treeSizes `json:"trees,omitempty"`
}

// Encode returns the router's file.
func (r *Router) Encode() ([]byte, error) {
	about := fileHead{Models: r.models, Facts: facts, Domains: r.domains, Heat: r.heat}
	if r.trees != nil {
		about.Trees = r.trees.sizes()
	}
	head, err := json.Marshal(about)
	if err != nil {
		return nil, fmt.Errorf("encode router: %w", err)
	}
	w := sections.Writer{}
	w.Add(sectionHead, head)
	for _, part := range r.arrays() {
		w.Add(part.id, sections.LittleEndian(*part.array))
	}
	if r.scorer != nil {
		w.Add(sectionScorer, r.scorer.Encode())
	}
	if r.trees != nil {
		r.trees.write(&w)
	}
	file := w.Bytes(&fileFormat)
	runtime.KeepAlive(r)
	return file, nil
}

// fileArray is one of a router's arrays, with its length.
type fileArray struct {
	id    uint32
	array *[]float32
	n     uint64
}

func (r *Router) arrays() []fileArray {
	outputs := uint64(2 * len(r.models))
	out := []fileArray{
		{sectionAverage, &r.average, outputs}, {sectionLow, &r.low, outputs}, {sectionHigh, &r.high, outputs},
		{sectionMix, &r.mix, outputs * uint64(r.numbers())}, {sectionWeight, &r.weight, outputs * facts},
		{sectionMean, &r.mean, facts}, {sectionScale, &r.scale, facts},
	}
	if r.trees != nil {
		out = append(out, fileArray{sectionRates, &r.rates, uint64(r.domains * len(r.models))})
	}
	return out
}

// WriteFile writes the router to path, whole or not at all. A process that has the old file open keeps the old router. It
// returns the size of the file.
func (r *Router) WriteFile(path string) (int64, error) {
	data, err := r.Encode()
	if err != nil {
		return 0, err
	}
	if err := sections.WriteFile(path, data); err != nil {
		return 0, fmt.Errorf("write router %s: %w", path, err)
	}
	return int64(len(data)), nil
}

// Open returns the router stored at path. On Unix the file is mapped: it may be replaced by renaming another over it, as
// WriteFile does, but must not be written to or cut. The memory is given back when the router is garbage, or by Close.
func Open(path string) (*Router, error) {
	data, mapping, err := fileFormat.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open router %s: %w", path, err)
	}
	r, err := Decode(data)
	if err != nil {
		_ = mapping.Close() // the other error says more
		return nil, fmt.Errorf("open router %s: %w", path, err)
	}
	r.mapping = mapping
	return r, nil
}

// Close gives back the memory behind a router that Open returned, and does nothing for others. The router must not be used during or
// after it. Later calls do nothing.
func (r *Router) Close() error { return r.mapping.Close() }

// Read returns the router that a file of at most 1 GB holds, such as one that is kept in another store.
func Read(from io.Reader) (*Router, error) {
	data, err := io.ReadAll(io.LimitReader(from, mostBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read router: %w", err)
	}
	if len(data) > mostBytes {
		return nil, fmt.Errorf("read router: more than %d bytes: %w", mostBytes, ErrCorrupt)
	}
	return Decode(data)
}

// Decode returns the router whose file data holds, after checking its digest. The router keeps data, which must not be
// modified any more. Bytes that are no router give an error that is ErrCorrupt.
func Decode(data []byte) (*Router, error) {
	s, err := sections.Read(data, &fileFormat)
	if err != nil {
		return nil, err
	}
	var h fileHead
	body, _ := s.Section(sectionHead)
	if err := json.Unmarshal(body, &h); err != nil {
		return nil, fileFormat.Errorf("head: %v", err)
	}
	if len(h.Models) == 0 || len(h.Models) > mostModels || h.Facts != facts {
		return nil, fileFormat.Errorf("%d models and %d facts", len(h.Models), h.Facts)
	}
	r := &Router{models: h.Models, domains: h.Domains, heat: h.Heat}
	if body, ok := s.Section(sectionScorer); ok {
		if r.scorer, err = student.DecodeScorer(body); err != nil {
			return nil, fileFormat.Errorf("scorer: %v", err)
		}
	}
	if h.Domains < 0 || h.Domains > r.numbers() || !(h.Heat >= 0 && h.Heat <= 1e6) {
		return nil, fileFormat.Errorf("%d domains of heat %v", h.Domains, h.Heat)
	}
	if h.Trees != nil {
		if r.numbers()-r.domains <= len(r.models) {
			return nil, fileFormat.Errorf("trees for %d models without what they ask about", len(r.models))
		}
		if r.trees, err = readTrees(s, h.Trees, len(r.models)); err != nil {
			return nil, err
		}
	}
	for _, part := range r.arrays() {
		*part.array = sections.View[float32](s, part.id, part.n)
		for _, x := range *part.array {
			if !(math.Abs(float64(x)) <= largestNumber) {
				return nil, fileFormat.Errorf("section %d has the number %v", part.id, x)
			}
		}
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	return r.ready(), nil
}
