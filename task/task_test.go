// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"strings"
	"testing"
)

func desk() *Task {
	return &Task{Name: "desk", Instructions: "Sort the message.",
		Labels: []string{"refund", "refund_status", "Lost Card", "größe", "c++", "c#"}}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, answer, want string
	}{
		{"exact", "refund", "refund"},
		{"case and space", "  REFUND_STATUS \n", "refund_status"},
		{"spaces for underscores", "refund status", "refund_status"},
		{"quoted with full stop", `"lost card".`, "Lost Card"},
		{"structured", `{"label":"Lost Card"}`, "Lost Card"},
		{"structured under another name", `{"intent": "lost_card", "confidence": 0.9}`, "Lost Card"},
		{"only field", `{"x": "refund"}`, "refund"},
		{"JSON string", `"refund"`, "refund"},
		{"fenced", "```json\n{\"label\": \"refund\"}\n```", "refund"},
		{"fenced bare", "```\nrefund\n```", "refund"},
		{"sentence", "The label is refund_status, I believe.", "refund_status"},
		{"longer label wins over the one inside it", "It must be refund status (surely).", "refund_status"},
		{"negated", "This is not a refund.", ""},
		{"negated in short", "It isn't a refund", ""},
		{"negated with a typographic apostrophe", "It can’t be a refund", ""},
		{"refused", "Sorry, I cannot help: this is certainly not a refund.", ""},
		{"refused in few words", "Sorry: refund?", ""},
		{"discussed at length", "The customer would like to have a refund of the fee", ""},
		{"as much around it as may be", "I think the label is certainly refund", "refund"},
		{"the choice left open", "refund or something", ""},
		{"unicode", "GRÖSSE", ""},
		{"unicode case", "Größe", "größe"},
		{"symbols tell labels apart", "C#", "c#"},
		{"symbols in a sentence", "I say c++ here", "c++"},
		{"two labels", "refund or lost card", ""},
		{"none", "I cannot help with that", ""},
		{"empty", "", ""},
		{"part of a word", "refunding", ""},
		{"JSON with another label", `{"label":"weather"}`, ""},
		{"JSON that mentions a label elsewhere", `{"label":"weather","why":"no refund asked"}`, ""},
		{"long text", strings.Repeat("blah ", 2000) + "refund", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := desk().Parse(tt.answer)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Parse(%q) = %q, %v; want %q", clip(tt.answer, 60), got, ok, tt.want)
			}
		})
	}
}

// TestParseLabelsOfUsualWords has labels that are words of refusals and of idioms themselves.
func TestParseLabelsOfUsualWords(t *testing.T) {
	task := &Task{Labels: []string{"other", "not_working", "lost_or_stolen"}}
	for answer, want := range map[string]string{
		"The label is other.":                      "other",
		"I'd say: not working":                     "not_working",
		"It's lost or stolen.":                     "lost_or_stolen",
		"On the other hand":                        "",
		"On the other hand, it may be a complaint": "",
		"Anything other than that":                 "",
		"It is not not working":                    "",
	} {
		if got, ok := task.Parse(answer); got != want || ok != (want != "") {
			t.Errorf("Parse(%q) = %q, %v; want %q", answer, got, ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"refund", `{"label":"refund"}`, "```\nrefund\n```", "```", "{", "\xff"} {
		f.Add(s)
	}
	task := desk()
	f.Fuzz(func(t *testing.T, answer string) {
		label, ok := task.Parse(answer)
		if ok != (task.Class(label) >= 0) {
			t.Errorf("Parse(%q) = %q, %v: not a label of the task", answer, label, ok)
		}
	})
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name string
		task Task
		want string // part of the error; empty: none
	}{
		{"good", *desk(), ""},
		{"no labels", Task{}, "output.enum: no labels"},
		{"empty label", Task{Labels: []string{"a", " "}}, "output.enum[1]: the label is empty"},
		{"labels alike", Task{Labels: []string{"lost_card", "Lost Card"}}, `output.enum[1]: "lost_card" and "Lost Card" differ only`},
		{"wrong example", Task{Labels: []string{"a"}, Examples: []Example{{"x", "b"}}}, `examples[0].output: "b" is not one of the labels`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.task.Validate()
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Validate() = %v, want no error", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Validate() = %v, want an error with %q", err, tt.want)
			}
		})
	}
}
