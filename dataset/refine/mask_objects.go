// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// structured reports whether a label is an object or a list.
func structured(label string) bool {
	return (strings.HasPrefix(label, "{") || strings.HasPrefix(label, "[")) && json.Valid([]byte(label))
}

// Why an example goes when its text is masked.
var (
	errNumber = errors.New("label has it as a number, which no placeholder can be")
	errPart   = errors.New("label is a part of what is masked")
)

// object masks the values of a label that is JSON: what they copy from the text, and what is private by itself. Names of fields stay.
func (w *masking) object(c copies, label, text string) (string, error) {
	var out strings.Builder
	rest := label
	for rest != "" {
		switch b := rest[0]; {
		case b == '"':
			end := stringEnd(rest)
			literal := rest[:end]
			rest = rest[end:]
			if !strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":") {
				var err error
				if literal, err = w.leaf(c, literal, text); err != nil {
					return "", err
				}
			}
			out.WriteString(literal)
		case b == '-' || b >= '0' && b <= '9':
			end := strings.IndexAny(rest, ",]} \t\r\n")
			if c.partOf(rest[:end]) {
				return "", errNumber
			}
			out.WriteString(rest[:end])
			rest = rest[end:]
		default:
			out.WriteByte(b)
			rest = rest[1:]
		}
	}
	return out.String(), nil
}

// stringEnd returns where the string ends that valid JSON begins with.
func stringEnd(s string) int {
	i := 1
	for s[i] != '"' {
		if s[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}

// leaf masks one string of a label.
func (w *masking) leaf(c copies, literal, text string) (string, error) {
	var is string
	if err := json.Unmarshal([]byte(literal), &is); err != nil {
		return "", err
	}
	masked, _ := w.masker.Mask(c.masked(&w.masker, is))
	if masked == is {
		if c.hold(is) && !strings.Contains(text, is) {
			return "", errPart
		}
		return literal, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a placeholder is to be read
	if err := e.Encode(masked); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}

// hold reports whether a word is a part of one of the values.
func (c copies) hold(word string) bool {
	for _, v := range c {
		if word != "" && wordAt(v.text, word) >= 0 {
			return true
		}
	}
	return false
}
