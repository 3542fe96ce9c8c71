// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRead puts any bytes to each reader: what comes back is usable, or an error.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"text,label\na,b\n", "\ufefftext;label\r\n\"a;\"\"b\"\r\n\",c\n", "text\tlabel\n\"a\tb\n", "text,label\n\"a\n\nb\",c",
		"{\"text\": \"a\", \"label\": \"b\"}\n{\"text\": null}\n", `{"text": "a", "label": "b", "soft": {"b": 0.9, "c": 0.1}, "gold": true}`, `{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [{"type": "text", "text": "x"}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, ext := range []string{".csv", ".tsv", ".jsonl", "bare.csv", "bare.jsonl"} {
			ext, bare := strings.CutPrefix(ext, "bare")
			set := &Set{}
			_, err := read(bytes.NewReader(content), ext, Columns{}, bare, func(e Example) error {
				set.Examples = append(set.Examples, e)
				return nil
			})
			if err != nil {
				continue
			}
			last := 0
			for _, ex := range set.Examples {
				if strings.TrimSpace(ex.Text) == "" || strings.TrimSpace(ex.Label) != ex.Label || ex.Label == "" && !bare || ex.Line <= last {
					t.Fatalf("%s: example %+v behind line %d", ext, ex, last)
				}
				if !utf8.ValidString(ex.Text) || !utf8.ValidString(ex.Label) {
					t.Fatalf("%s: example %+v is not UTF-8", ext, ex)
				}
				last = ex.Line
			}
			unique, report := Dedupe(set.Examples)
			if len(unique) == 0 && report.SetAside == 0 {
				t.Fatalf("%s: %+v", ext, report)
			}
		}
	})
}

// FuzzRowsLikeStandard compares the reader of tables with the standard library's on what that one writes.
func FuzzRowsLikeStandard(f *testing.F) {
	f.Add("plain", "label", "a,b", "x")
	f.Add("say \"hi\"", "l", "two\nlines", "\"")
	f.Fuzz(func(t *testing.T, text1, label1, text2, label2 string) {
		cells := [][]string{{"text", "label", "end"}, {text1, label1, "1"}, {text2, label2, "2"}}
		var written strings.Builder
		w := csv.NewWriter(&written)
		if err := w.WriteAll(cells); err != nil {
			t.Skip()
		}
		rows := &rows{in: newLines(strings.NewReader(written.String()))}
		for i, want := range cells {
			got, err := rows.next()
			if err != nil {
				t.Fatalf("row %d of %q: %v", i, written.String(), err)
			}
			if len(got) != len(want) {
				t.Fatalf("row %d of %q: %q, want %q", i, written.String(), got, want)
			}
			for j := range want {
				if string(got[j]) != want[j] {
					t.Fatalf("row %d of %q: %q, want %q", i, written.String(), got, want)
				}
			}
		}
	})
}
