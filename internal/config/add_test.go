// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAddTasks(t *testing.T) {
	const head = "# mine\nproviders:\n  p: {dialect: openai, base_url: http://127.0.0.1:1/v1}\nmodels:\n  m: {provider: p, name: x}\n"
	added := map[string]*Task{
		"kinds":  {Instructions: "Say which:\nno ${HOME} # here", Output: Output{Enum: []string{"yes", "no: never", "null", "3"}}, Teacher: Teachers{"m"}, Agreement: 0.95, Confidence: 0.95},
		"orders": {Output: Output{Schema: NewDocument(`{"type":"object","properties":{"what":{"type":"string"}},"required":[]}`)}, Teacher: Teachers{"m"}, Agreement: 0.9, Confidence: 0.95},
	}
	for name, text := range map[string]string{
		"no tasks":       head,
		"no end of line": strings.TrimSuffix(head, "\n"),
		"tasks":          head + "tasks:   # of ours\n\n  # the first\n  old: {output: {enum: [a, b]}, teacher: m}\n",
		"wide":           head + "tasks:\n      old:\n        output: {enum: [a, b]}\n        teacher: m\n",
		"in the middle":  "tasks:\n  old: {output: {enum: [a, b]}, teacher: m}\n" + head,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := AddTasks([]byte(text), added, map[string]string{"kinds": "found\nin traffic"})
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(text) {
				if !strings.Contains(string(got), strings.TrimSuffix(line, "\n")) {
					t.Errorf("lost %q", line)
				}
			}
			c, err := Parse("retort.yaml", got, func(string) (string, bool) { return "", false })
			if err != nil {
				t.Fatalf("%v\n%s", err, got)
			}
			kinds, orders := c.Tasks["kinds"], c.Tasks["orders"]
			if kinds.Instructions != added["kinds"].Instructions || strings.Join(kinds.Output.Enum, "|") != "yes|no: never|null|3" || orders.Agreement != 0.9 {
				t.Errorf("came back as %+v, %+v", kinds, orders)
			}
			if _, err := orders.Contract("orders"); err != nil {
				t.Error(err)
			}
			if strings.Contains(text, "old") && c.Tasks["old"].Teacher.Lead() != "m" {
				t.Error("the task that was there is gone")
			}
		})
	}
	for _, text := range []string{head + "tasks: {}\n", head + "\"tasks\":\n  old: {output: {enum: [a, b]}, teacher: m}\n"} {
		if _, err := AddTasks([]byte(text), added, nil); !errors.Is(err, errTasksStyle) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Prompts are others' words: whatever they say is read back as it was written, and is nothing else.
func TestAddedTasksAreReadBackAsWritten(t *testing.T) {
	const head = "providers:\n  p: {dialect: openai, base_url: http://127.0.0.1:1/v1}\nmodels:\n  m: {provider: p, name: x}\ntasks:\n  old: {output: {enum: [a, b]}, teacher: m}\n"
	words := []string{"tasks:\n  evil: {teacher: m}", "\ntasks:\n  old: null\n", "\"quoted\" 'both' `ways`", "${HOME} and $${HOME} and {{.Env}}", "# no comment", "--- \n...\n", "&a *a !!str x",
		" leads and trails ", "tab\tand\ttab\n\ttab", "\r\nwindows\r\n", "line\u2028para\u2029next\u0085feff\ufeff", "bidi \u202e txt", "null", "~", "yes", "0x1F", "1e3", "2026-01-31", "- list", "? key", "a: b", ": ", "|", ">-\n  x",
		"{…}", "back\\slash \\n", "\u0007bell\u001b[31m", "\U0001f600 ✓ ünïcode", "}} ]], {[", "%YAML 1.2", "@at `tick", "x\n\n\n  indented\n\n"}
	env := func(string) (string, bool) { return "SECRET", true }
	for _, text := range words {
		labels := []string{"first " + text, "second"}
		added := map[string]*Task{"kinds": {Instructions: text, Output: Output{Enum: labels}, Teacher: Teachers{"m"}, Agreement: 0.95, Confidence: 0.95}}
		got, err := AddTasks([]byte(head), added, map[string]string{"kinds": text})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse("retort.yaml", got, env)
		if err != nil {
			t.Errorf("%q: %v\n%s", text, err, got)
			continue
		}
		kinds := c.Tasks["kinds"]
		if kinds.Instructions != text || !slices.Equal(kinds.Output.Enum, labels) || len(c.Tasks) != 2 || len(c.Tasks["old"].Output.Enum) != 2 {
			t.Errorf("%q came back as %+v\n%s", text, kinds, got)
		}
	}
	windows := strings.ReplaceAll(head, "\n", "\r\n")
	got, err := AddTasks([]byte(windows), map[string]*Task{"kinds": {Output: Output{Enum: []string{"x", "y"}}, Teacher: Teachers{"m"}, Agreement: 0.9, Confidence: 0.9}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Parse("retort.yaml", got, env); err != nil || len(c.Tasks) != 2 {
		t.Errorf("with ends of lines of Windows: %v\n%q", err, got)
	}
}
