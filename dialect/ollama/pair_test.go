// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"strings"
	"testing"
)

// TestResultsFindTheirCalls has clients that give ids to calls, to results, to both and to none.
func TestResultsFindTheirCalls(t *testing.T) {
	const calls = `{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"","tool_calls":[` +
		`{CALL1"function":{"name":"f","arguments":{}}},{CALL2"function":{"name":"g","arguments":{}}}]},`
	for name, tc := range map[string]struct {
		first, second string // ids of the calls
		results       string
		want          [2]int // which call, from 0, each result answers
	}{
		"by order":             {"", "", `{"role":"tool","content":"a"},{"role":"tool","content":"b"}]}`, [2]int{0, 1}},
		"by name":              {"", "", `{"role":"tool","content":"a","tool_name":"g"},{"role":"tool","content":"b","tool_name":"f"}]}`, [2]int{1, 0}},
		"by id":                {"x", "y", `{"role":"tool","content":"a","tool_call_id":"y"},{"role":"tool","content":"b","tool_call_id":"x"}]}`, [2]int{1, 0}},
		"ids of results alone": {"", "", `{"role":"tool","content":"a","tool_call_id":"x"},{"role":"tool","content":"b","tool_call_id":"y"}]}`, [2]int{0, 1}},
		"and names":            {"", "", `{"role":"tool","content":"a","tool_call_id":"x","tool_name":"g"},{"role":"tool","content":"b","tool_call_id":"y"}]}`, [2]int{1, 0}},
	} {
		body := calls
		for mark, id := range map[string]string{"CALL1": tc.first, "CALL2": tc.second} {
			if id != "" {
				id = `"id":"` + id + `",`
			}
			body = strings.Replace(body, mark, id, 1)
		}
		content, err := decodeChat([]byte(body + tc.results))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m := content.Messages
		for i, want := range tc.want {
			if got, want := m[2+i].Blocks[0].CallID, m[1].Blocks[want].Call.ID; got != want || got == "" {
				t.Errorf("%s: result %d answers %q, want %q", name, i, got, want)
			}
		}
	}
}
