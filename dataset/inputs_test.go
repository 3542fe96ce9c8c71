// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadInputs(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		columns    Columns
		want       []Example
		err        string
	}{
		"no column of labels": {"x.csv", "id,text\n1,a\n2,\n3,c\n", Columns{}, []Example{{Text: "a", Line: 2}, {Text: "c", Line: 4}}, ""},
		"some labels":         {"x.csv", "text,label\na,x\nb,\n", Columns{}, []Example{{Text: "a", Label: "x", Line: 2}, {Text: "b", Line: 3}}, ""},
		"one column":          {"x.csv", "remarks\na\nb\n", Columns{}, []Example{{Text: "a", Line: 2}, {Text: "b", Line: 3}}, ""},
		"named input":         {"x.csv", "n,remarks\n1,a\n", Columns{Input: "remarks"}, []Example{{Text: "a", Line: 2}}, ""},
		"objects": {"x.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\",\"label\":\"y\"}\n", Columns{},
			[]Example{{Text: "a", Line: 1}, {Text: "b", Label: "y", Line: 2}}, ""},
		"objects, some labels": {"x.jsonl", "{\"text\":\"a\",\"label\":null}\n{\"text\":\"b\",\"label\":\"y\"}\n", Columns{},
			[]Example{{Text: "a", Line: 1}, {Text: "b", Label: "y", Line: 2}}, ""},
		"conversations": {"x.jsonl", `{"messages":[{"role":"user","content":"a"}]}` + "\n" + `{"messages":[{"role":"user","content":"b"},{"role":"assistant","content":"y"}]}` + "\n", Columns{},
			[]Example{{Text: "a", Line: 1}, {Text: "b", Label: "y", Line: 2}}, ""},
		"no header":        {"x.csv", "where is my card please?\nhow do I\n", Columns{}, nil, "first line looks like data"},
		"missing label":    {"x.csv", "text\na\n", Columns{Label: "intent"}, nil, `no column is named "intent"`},
		"which one is it":  {"x.csv", "n,remarks\n1,a\n", Columns{}, nil, "which column is the input text"},
		"nothing but gaps": {"x.csv", "text,label\n,x\n ,y\n", Columns{}, nil, "none of 2 rows holds a text"},
		"empty":            {"x.csv", "", Columns{}, nil, "empty"},
	} {
		path := filepath.Join(t.TempDir(), c.file)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadInputs(path, c.columns)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: got %v, want %q", name, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Examples); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
