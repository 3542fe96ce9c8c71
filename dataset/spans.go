// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// span is a field of an answer as files with offsets have it.
type span struct {
	Start *int    `json:"start"`
	End   *int    `json:"end"`
	Text  *string `json:"text"`
}

// Spans returns an answer that is an object, or a list, with each value in it that gives a span by offsets, {"start": 4, "end": 10} with
// or without "text", replaced by the words that it means; an answer without such values comes back as it is. Offsets may count bytes or
// characters (Unicode code points), and end is the first that is no part of it: which of the two is meant is known by the text, or
// does not matter. Where neither is so, and where the text is not there, it is an error.
func Spans(text, answer string) (string, error) {
	if !strings.HasPrefix(answer, "{") && !strings.HasPrefix(answer, "[") || !strings.Contains(answer, `"start"`) || !json.Valid([]byte(answer)) {
		return answer, nil // who reads the answer says what is wrong with it
	}
	out, changed, err := resolve(text, json.RawMessage(answer))
	if err != nil || !changed {
		return answer, err
	}
	return string(out), nil
}

// resolve replaces the spans in a value, and says whether there were any.
func resolve(text string, value json.RawMessage) (out json.RawMessage, changed bool, err error) {
	if s, ok := spanOf(value); ok {
		words, err := s.words(text)
		if err != nil {
			return nil, false, err
		}
		out, err = json.Marshal(words)
		return out, true, err
	}
	var fields map[string]json.RawMessage
	var items []json.RawMessage
	switch value = bytes.TrimSpace(value); {
	case bytes.HasPrefix(value, []byte{'{'}) && json.Unmarshal(value, &fields) == nil:
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			inner, found, err := resolve(text, fields[name])
			if err != nil {
				return nil, false, fmt.Errorf("field %q: %w", clip(name), err)
			}
			fields[name], changed = inner, changed || found
		}
		if changed {
			out, err = json.Marshal(fields)
			return out, true, err
		}
	case bytes.HasPrefix(value, []byte{'['}) && json.Unmarshal(value, &items) == nil:
		for i := range items {
			inner, found, err := resolve(text, items[i])
			if err != nil {
				return nil, false, err
			}
			items[i], changed = inner, changed || found
		}
		if changed {
			out, err = json.Marshal(items)
			return out, true, err
		}
	}
	return value, false, nil
}

// spanOf reads a field that is a span and nothing else.
func spanOf(raw json.RawMessage) (s span, ok bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&s)
	return s, err == nil && s.Start != nil && s.End != nil
}

func (s span) words(text string) (string, error) {
	inBytes, okBytes := byBytes(text, *s.Start, *s.End)
	inCharacters, okCharacters := byCharacters(text, *s.Start, *s.End)
	switch {
	case s.Text != nil && (okBytes && inBytes == *s.Text || okCharacters && inCharacters == *s.Text):
		return *s.Text, nil
	case s.Text != nil:
		return "", fmt.Errorf("the span %q does not stand at %d to %d, counted in bytes or in characters", clip(*s.Text), *s.Start, *s.End)
	case okBytes && okCharacters && inBytes != inCharacters:
		return "", fmt.Errorf("offsets %d to %d mean %q in bytes and %q in characters; give the words too, as \"text\" beside them", *s.Start, *s.End, clip(inBytes), clip(inCharacters))
	case okCharacters:
		return inCharacters, nil
	case okBytes:
		return inBytes, nil
	}
	return "", fmt.Errorf("offsets %d to %d are no part of a text of %d bytes and %d characters", *s.Start, *s.End, len(text), utf8.RuneCountInString(text))
}

// byBytes returns a part of a text that begins and ends between characters.
func byBytes(text string, start, end int) (string, bool) {
	if start < 0 || start >= end || end > len(text) || !utf8.RuneStart(text[start]) || end < len(text) && !utf8.RuneStart(text[end]) {
		return "", false
	}
	return text[start:end], true
}

func byCharacters(text string, start, end int) (string, bool) {
	if start < 0 || start >= end {
		return "", false
	}
	from, n := -1, 0
	for i := range text {
		if n == start {
			from = i
		}
		if n == end {
			return text[from:i], true
		}
		n++
	}
	if n == end && from >= 0 {
		return text[from:], true
	}
	return "", false
}
