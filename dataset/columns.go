// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The usual names, the surest first; compared without regard to case, blanks, - and _.
var (
	inputNames = []string{"text", "input", "message", "query", "prompt", "question", "utterance", "headline", "sentence", "content", "body"}
	labelNames = []string{"label", "category", "intent", "output", "answer", "class", "target", "completion", "response"}
)

// find returns the positions of both columns among names, and their names. first is whether names are the first line
// of a table, which may be data by mistake.
func (c Columns) find(names []string, table bool) (input, label int, found Columns, err error) {
	if input, err = pick(c.Input, inputNames, names, "input text", "--input"); err == nil {
		label, err = pick(c.Label, labelNames, names, "label", "--label")
	}
	if err != nil {
		if table && looksLikeData(names) {
			err = fmt.Errorf("the first line looks like data; put a line with the columns' names above it, such as text,label")
		}
		return 0, 0, Columns{}, err
	}
	if input == label {
		return 0, 0, Columns{}, fmt.Errorf("the input and the label are the same column %q; name two with --input and --label", names[input])
	}
	return input, label, Columns{Input: names[input], Label: names[label]}, nil
}

// pick returns the position of the column wanted, or of the first usual one. One of which there are two is an error.
func pick(wanted string, usual, names []string, what, flag string) (int, error) {
	at, err := choose(wanted, usual, names, what, flag)
	if err == nil && slices.Contains(names[at+1:], names[at]) {
		return 0, fmt.Errorf("two columns are named %q; rename one", clip(names[at]))
	}
	return at, err
}

func choose(wanted string, usual, names []string, what, flag string) (int, error) {
	if wanted != "" {
		if i := position(wanted, names); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("no column is named %q; there is %s", wanted, list(names))
	}
	for _, name := range usual {
		i := position(name, names)
		if i >= 0 && name == "input" && position("instruction", names) >= 0 {
			return 0, fmt.Errorf("which column is the %s? there is \"instruction\" and %q; name it with %s, or join them into one", what, names[i], flag)
		}
		if i >= 0 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("which column is the %s? there is %s; name it with %s", what, list(names), flag)
}

// position prefers the exact name to one spelled alike; -1 when there is neither.
func position(wanted string, names []string) int {
	for i, name := range names {
		if name == wanted {
			return i
		}
	}
	for i, name := range names {
		if simple(name) == simple(wanted) {
			return i
		}
	}
	return -1
}

var ignoredInNames = strings.NewReplacer(" ", "", "-", "", "_", "")

func simple(name string) string { return ignoredInNames.Replace(strings.ToLower(name)) }

// list names the columns, for an error.
func list(names []string) string {
	const most = 20
	quoted := make([]string, 0, most+1)
	for i, name := range names {
		if i == most {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%q", clip(name)))
	}
	if len(quoted) == 0 {
		return "none"
	}
	return strings.Join(quoted, ", ")
}

// looksLikeData reports whether a line is no header: one of its fields is a sentence, long, or empty.
func looksLikeData(names []string) bool {
	for _, name := range names {
		if len(strings.Fields(name)) > 3 || utf8.RuneCountInString(name) > 40 || strings.HasSuffix(name, "?") {
			return true
		}
	}
	return false
}

func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
