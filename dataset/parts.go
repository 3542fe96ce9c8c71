// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Part is one part that a set is divided into.
type Part struct {
	Name  string  `json:"part"`
	Share float64 `json:"share"`
}

// Parts divide a set: each example belongs to one of them, by its canonical text and a seed alone, as in Split. Adding examples moves
// none, and equal texts stay together.
type Parts []Part

// ParseParts reads parts as people write them: "train=0.8,test=0.2". Shares must sum to 1; percentages do as well.
func ParseParts(text string) (Parts, error) {
	var parts Parts
	sum := 0.0
	for field := range strings.SplitSeq(text, ",") {
		name, number, ok := strings.Cut(strings.TrimSpace(field), "=")
		number, percent := strings.CutSuffix(number, "%")
		share, err := strconv.ParseFloat(number, 64)
		if percent {
			share /= 100
		}
		if !ok || err != nil || !(share > 0 && share <= 1) {
			return nil, fmt.Errorf("parts: %q is no part with its share; write train=0.8,test=0.2", clip(field))
		}
		if err := CheckName(name); err != nil {
			return nil, fmt.Errorf("parts: %w", err)
		}
		for _, p := range parts {
			if p.Name == name {
				return nil, fmt.Errorf("parts: %q is named twice", name)
			}
		}
		parts, sum = append(parts, Part{name, share}), sum+share
	}
	if math.Abs(sum-1) > 1e-6 {
		return nil, fmt.Errorf("parts: the shares sum to %.6g; they must sum to 1", sum)
	}
	return parts, nil
}

// Of returns the index of the part that a text belongs to. The first part is what Split calls the part, with the same share and seed.
func (p Parts) Of(text string, seed uint64) int {
	at, below := Draw(text, seed), 0.0
	for i := range p {
		if below += p[i].Share; at < below {
			return i
		}
	}
	return len(p) - 1
}

// CheckName says what is wrong with the name of a dataset or of a part of one.
func CheckName(name string) error {
	const most = 64
	if name == "" {
		return errors.New("the name is empty; use letters, digits, - and _")
	}
	if len(name) > most {
		return fmt.Errorf("name %q is longer than %d letters", clip(name), most)
	}
	if name[0] == '.' {
		return fmt.Errorf("name %q begins with a dot; begin with a letter or a digit", clip(name))
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.' {
			return fmt.Errorf("name %q holds %q; use letters, digits, dots, - and _", clip(name), r)
		}
	}
	return nil
}
