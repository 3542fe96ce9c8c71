// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"retort/model"
)

// labels are answers that are one of some texts.
type labels []string

// checkLabels reports the first thing wrong with the labels.
func (t *Task) checkLabels() error {
	if len(t.Labels) == 0 {
		return errors.New("output.enum: no labels; list the answers the task may give")
	}
	seen := make(map[string]string, len(t.Labels))
	for i, label := range t.Labels {
		key := Fold(label)
		if key == "" {
			return fmt.Errorf("output.enum[%d]: the label is empty", i)
		}
		if other, ok := seen[key]; ok {
			return fmt.Errorf("output.enum[%d]: %q and %q differ only in case or punctuation; rename one", i, other, label)
		}
		seen[key] = label
	}
	return nil
}

// answerField is the name of the label in structured answers.
const answerField = "label"

func (l labels) ask() wording {
	list := strings.Join(l, ", ")
	a := wording{duty: "Classify the message.", word: "Label", rules: "Answer with exactly one of these labels and nothing else:\n",
		again: "That is not one of the labels. Answer with exactly one of: " + list}
	for _, label := range l {
		a.rules += "- " + label + "\n"
	}
	raw, err := json.Marshal(map[string]any{
		"type":                 "object",
		"properties":           map[string]any{answerField: map[string]any{"type": "string", "enum": []string(l)}},
		"required":             []string{answerField},
		"additionalProperties": false,
	})
	if err == nil { // strings always marshal
		a.format = strict(raw)
	}
	return a
}

// strict asks for an answer that keeps to a schema.
func strict(schema json.RawMessage) *model.Format {
	yes := true
	return &model.Format{Kind: "schema", Name: "answer", Schema: schema, Strict: &yes}
}

func (l labels) canonical(_, answer string) (string, error) {
	if !slices.Contains(l, answer) {
		return "", fmt.Errorf("%q is not one of the labels", clip(answer, 200))
	}
	return answer, nil
}

// read reads a model's answer as one of the labels. It takes the label itself in any case, spacing and quoting, JSON
// with the label as its only string or under a usual name, Markdown fences, and a short sentence that names exactly one
// label without a word that negates or refuses. It is an error to find none or more than one: guessing would teach
// students wrong.
func (l labels) read(_, answer string) (string, error) {
	if label, ok := l.parse(answer); ok {
		return label, nil
	}
	return "", fmt.Errorf("it is none of the %d labels", len(l))
}

func (l labels) parse(answer string) (label string, ok bool) {
	text := unfence(strings.TrimSpace(answer))
	if slices.Contains(l, text) {
		return text, true
	}
	if s, isJSON := fromJSON(text); isJSON {
		return l.match(s)
	}
	if label, ok := l.match(text); ok {
		return label, true
	}
	return l.mentioned(text)
}

// match compares whole strings, leniently.
func (l labels) match(s string) (string, bool) {
	key := Fold(s)
	if key == "" {
		return "", false
	}
	for _, label := range l {
		if Fold(label) == key {
			return label, true
		}
	}
	return "", false
}

// mentioned finds the one label that a short answer names as whole words. A label inside a longer one that is named too,
// such as "refund" in "refund status", does not count.
func (l labels) mentioned(text string) (string, bool) {
	if len(text) > 4096 { // an answer of that length is no label, whatever it mentions
		return "", false
	}
	padded := " " + Fold(text) + " "
	found := ""
	for _, label := range l {
		key := " " + Fold(label) + " "
		if !strings.Contains(padded, key) {
			continue
		}
		switch {
		case found == "" || strings.Contains(key, " "+Fold(found)+" "):
			found = label
		case strings.Contains(" "+Fold(found)+" ", key):
		default:
			return "", false
		}
	}
	if found == "" || !chosen(strings.ReplaceAll(padded, " "+Fold(found)+" ", " ")) {
		return "", false
	}
	return found, true
}

// aroundLabel is how many words an answer may put around its label: "The label is …, I believe." is an answer, a longer
// text is a discussion that happens to name a label.
const aroundLabel = 6

// chosen says whether the words around a label, folded, leave it standing: they are few, and none of them takes it back,
// refuses, or leaves a choice.
func chosen(around string) bool {
	words := strings.Fields(around)
	if len(words) > aroundLabel {
		return false
	}
	for _, w := range words {
		switch w {
		case "not", "no", "nor", "neither", "none", "nothing", "never", "without", "cannot", "cant", "isnt", "dont", "sorry", "unable",
			"t", // the end of isn't, can't, won't and the like, which fold takes apart
			"unsure", "unclear", "unknown", "uncertain", "refuse", "decline", "apologize", "apologise", "or", "either",
			"than", "hand": // other than, rather than; on the other hand
			return false
		}
	}
	return true
}

// Fold maps a label to lower-case words separated by single spaces, so that "Card_Arrival" and "card arrival" meet. Labels of one
// task differ in it, and none is empty in it.
func Fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || unicode.IsSymbol(r) {
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(unicode.ToLower(r))
			continue
		}
		space = true
	}
	return b.String()
}

// unfence removes a Markdown code fence around the whole text.
func unfence(s string) string {
	body, ok := strings.CutPrefix(s, "```")
	if !ok {
		return s
	}
	body, ok = strings.CutSuffix(body, "```")
	if !ok {
		return s
	}
	if _, rest, ok := strings.Cut(body, "\n"); ok {
		body = rest
	}
	return strings.TrimSpace(body)
}

// answerFields are where models put a label when they answer with an object, the asked-for one first.
var answerFields = []string{answerField, "answer", "intent", "category", "class", "output", "result"}

// fromJSON returns the string that a JSON answer means; isJSON is false when the text is no JSON object or string.
func fromJSON(text string) (s string, isJSON bool) {
	if text == "" || (text[0] != '{' && text[0] != '"') {
		return "", false
	}
	if json.Unmarshal([]byte(text), &s) == nil {
		return s, true
	}
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return "", false
	}
	for _, field := range answerFields {
		if v, ok := object[field].(string); ok {
			return v, true
		}
	}
	if len(object) == 1 {
		for _, v := range object {
			s, _ = v.(string)
		}
	}
	return s, true
}
