// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
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
