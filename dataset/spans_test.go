// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSpansByOffsets(t *testing.T) {
	const plain, accented = "fly to Berlin now", "à Orléans en été, à Orly"
	for name, c := range map[string]struct{ text, answer, want, fails string }{
		"no object":        {plain, "refund", "refund", ""},
		"words":            {plain, `{"city":"Berlin"}`, `{"city":"Berlin"}`, ""},
		"plain text":       {plain, `{"city":{"start":7,"end":13}}`, `{"city":"Berlin"}`, ""},
		"in characters":    {accented, `{"city":{"start":2,"end":9,"text":"Orléans"}}`, `{"city":"Orléans"}`, ""},
		"in bytes":         {accented, `{"city":{"start":3,"end":11,"text":"Orléans"},"when":"été"}`, `{"city":"Orléans","when":"été"}`, ""},
		"in a list":        {accented, `{"to":[{"start":2,"end":9,"text":"Orléans"},{"start":3,"end":11}]}`, "", `field "to": offsets 3 to 11 mean "Orléans"`},
		"in lists":         {plain, `{"to":[{"start":7,"end":13},"now"]}`, `{"to":["Berlin","now"]}`, ""},
		"in inner objects": {plain, `{"a":{"b":{"start":7,"end":13}}}`, `{"a":{"b":"Berlin"}}`, ""},
		"a list alone":     {plain, `[{"start":0,"end":3}]`, `["fly"]`, ""},
		"either":           {accented, `{"city":{"start":3,"end":11}}`, "", `offsets 3 to 11 mean "Orléans" in bytes and "rléans e" in characters`},
		"bytes alone fit":  {"été", `{"s":{"start":0,"end":5}}`, `{"s":"été"}`, ""},
		"elsewhere":        {plain, `{"city":{"start":0,"end":3,"text":"Berlin"}}`, "", `field "city": the span "Berlin" does not stand at 0 to 3`},
		"too far":          {plain, `{"city":{"start":7,"end":99}}`, "", "no part of a text of 17 bytes and 17 characters"},
		"backwards":        {plain, `{"city":{"start":9,"end":3}}`, "", "no part of"},
		"below nothing":    {plain, `{"city":{"start":-1,"end":3}}`, "", "no part of"},
		"another object":   {plain, `{"city":{"start":7,"until":13}}`, `{"city":{"start":7,"until":13}}`, ""},
		"start of its own": {plain, `{"start":"fly"}`, `{"start":"fly"}`, ""},
		"no JSON":          {plain, `{"start`, `{"start`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Spans(c.text, c.answer)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("got %q, %v; want an error with %q", got, err, c.fails)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func FuzzSpans(f *testing.F) {
	f.Add("à Orléans", `{"city":{"start":2,"end":9,"text":"Orléans"}}`)
	f.Add("été", `{"a":{"start":0,"end":5},"b":1}`)
	f.Add("", `{"a":{"start":0,"end":0}}`)
	f.Fuzz(func(t *testing.T, text, answer string) {
		got, err := Spans(text, answer)
		if err == nil && got != answer && !json.Valid([]byte(got)) {
			t.Errorf("made %q, which is no JSON", got)
		}
	})
}
