// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

var full = []Example{
	{Text: "where is <my> card?", Label: "lost", Soft: map[string]float64{"lost": 0.75, "late": 0.25}, Teacher: "up/large", ID: "t1",
		Time: time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC), Tenant: "acme"},
	{Text: "late\nagain", Label: "late", Gold: true, Source: "f.csv", Line: 7},
	{Text: "\u2028odd", Label: `{"a":1}`, Hard: true},
}

// file writes an export and returns its path.
func file(t *testing.T, name string, format Format, examples iter.Seq2[Example, error]) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Export(f, format, "", examples); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExportsAreReadBack(t *testing.T) {
	learned := make([]Example, len(full)) // what a file says of them that does not concern where they came from
	plain := make([]Example, len(full))
	for i, e := range full {
		learned[i] = Example{Text: e.Text, Label: e.Label, Soft: e.Soft, Gold: e.Gold, Hard: e.Hard, Teacher: e.Teacher, Line: i + 1}
		plain[i] = Example{Text: e.Text, Label: e.Label, Line: i + 1}
	}
	tests := []struct {
		name string
		want []Example
		hash string
	}{
		{"a.jsonl", learned, Hash(full)}, {"a.parquet", learned, Hash(full)}, {"a.openai", plain, Hash(plain)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			format := FormatOf(tt.name)
			if tt.name == "a.openai" {
				format = OpenAI
			}
			path := file(t, strings.Replace(tt.name, ".openai", ".jsonl", 1), format, All(full))
			set, err := ReadFile(path, Columns{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, set.Examples); diff != "" || set.Hash != tt.hash {
				t.Errorf("address %s, want %s; %s", set.Hash, tt.hash, diff)
			}
		})
	}
}

func TestOpenAIHasInstructions(t *testing.T) {
	var b strings.Builder
	n, err := Export(&b, OpenAI, "Label it.", All(full[:1]))
	want := `{"messages":[{"role":"system","content":"Label it."},{"role":"user","content":"where is <my> card?"},{"role":"assistant","content":"lost"}]}` + "\n"
	if err != nil || n != 1 || b.String() != want {
		t.Errorf("%d, %v: %s", n, err, b.String())
	}
}

func TestExportErrors(t *testing.T) {
	broken := func(yield func(Example, error) bool) { yield(Example{}, errors.New("no more")) }
	for _, format := range Formats {
		if _, err := Export(io.Discard, format, "", broken); err == nil || err.Error() != "no more" {
			t.Errorf("%s: %v", format, err)
		}
		if _, err := Export(full2{}, format, "", All(full)); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: %v, want the writer's error", format, err)
		}
	}
	if _, err := Export(io.Discard, "xml", "", All(full)); err == nil || !strings.Contains(err.Error(), `format "xml" is none of [jsonl parquet openai]`) {
		t.Errorf("unknown format: %v", err)
	}
}

type full2 struct{}

func (full2) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// table writes a Parquet file of rows of any kind.
func table[T any](t *testing.T, rows ...T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.parquet")
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParquetOfOthers(t *testing.T) {
	type numbers struct {
		ID     int32   `parquet:"id"`
		Query  *string `parquet:"query,optional,dict"`
		Target int64   `parquet:"target"`
		Tags   []string
	}
	a, blank := "I lost it", " "
	set, err := ReadFile(table(t, numbers{1, &a, 7, []string{"x", "y"}}, numbers{2, nil, 8, nil}, numbers{3, &blank, 9, nil}, numbers{4, &a, -1, nil}), Columns{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Example{{Text: a, Label: "7", Line: 1}, {Text: a, Label: "-1", Line: 4}}
	if diff := cmp.Diff(want, set.Examples); diff != "" || set.Skipped.NoText != 2 || set.Columns != (Columns{"query", "target"}) {
		t.Errorf("%+v %s", set, diff)
	}
	type labels struct {
		Text  string  `parquet:"text"`
		Label float64 `parquet:"label"`
		Done  bool    `parquet:"done"`
	}
	rows := table(t, labels{"a", 0.5, true})
	if set, err = ReadFile(rows, Columns{}); err != nil || set.Examples[0].Label != "0.5" {
		t.Errorf("%v %v", set, err)
	}
	if set, err = ReadInputs(table(t, struct{ Query string }{"a"}), Columns{}); err != nil || set.Examples[0].Text != "a" {
		t.Errorf("without labels: %v %v", set, err)
	}
	if set, err = ReadFile(rows, Columns{Label: "Done"}); err != nil || set.Examples[0].Label != "true" {
		t.Errorf("%v %v", set, err)
	}
}

func TestBadParquet(t *testing.T) {
	type plain struct {
		Question string `parquet:"q"`
		Mood     string `parquet:"mood"`
	}
	type nested struct {
		Text  string `parquet:"text"`
		Label struct{ Kind, Item string }
	}
	type listed struct {
		Text  string   `parquet:"text"`
		Label []string `parquet:"label"`
	}
	type dated struct {
		Text  string    `parquet:"text"`
		Label time.Time `parquet:"label,timestamp"`
	}
	whole, err := os.ReadFile(table(t, plain{"a", "b"}))
	if err != nil {
		t.Fatal(err)
	}
	raw := func(content []byte) string { return write(t, "a.parquet", string(content)) }
	tests := []struct {
		name, path string
		columns    Columns
		want       string
	}{
		{"other columns", table(t, plain{"a", "b"}), Columns{}, `which column is the input text? there is "q", "mood"; name it with --input`},
		{"named wrongly", table(t, plain{"a", "b"}), Columns{Input: "q", Label: "answer"}, `no column is named "answer"; there is "q", "mood"`},
		{"nested", table(t, nested{Text: "a"}), Columns{}, `column "Label" is nested, with "Kind", "Item" inside; write it as text, such as JSON`},
		{"list", table(t, listed{Text: "a"}), Columns{}, `column "label" is a list; write it as text`},
		{"time", table(t, dated{Text: "a", Label: time.Unix(1, 0)}), Columns{}, `column "label" is of type TIMESTAMP`},
		{"no rows", table[plain](t), Columns{Input: "q", Label: "mood"}, "there are no rows"},
		{"empty", raw(nil), Columns{}, "the file is no Parquet: it has 0 bytes"},
		{"wrong magic", raw([]byte("text,label\na,b\n")), Columns{}, `the file is no Parquet: it begins with "text"`},
		{"gzipped", raw([]byte("\x1f\x8b0123456789abcdef")), Columns{}, "the file is gzipped; unzip it first"},
		{"cut", raw(whole[:len(whole)-20]), Columns{}, "the file is cut"},
		{"cut inside", raw(append(bytes.Clone(whole[:40]), whole[60:]...)), Columns{Input: "q", Label: "mood"}, "the file is damaged"},
		{"zipped name", write(t, "a.parquet.gz", "x"), Columns{}, "unzip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := ReadFile(tt.path, tt.columns)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), tt.path) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, %v; want the file and %q", set, err, tt.want)
			}
		})
	}
}

// FuzzParquet puts damaged Parquet files to the reader: what comes back is usable, or an error.
func FuzzParquet(f *testing.F) {
	var b bytes.Buffer
	if _, err := Export(&b, Parquet, "", All(full)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes(), 0, byte(0))
	f.Add(b.Bytes(), 100, byte(3))
	f.Fuzz(func(t *testing.T, content []byte, at int, flip byte) {
		if len(content) > 0 {
			content = bytes.Clone(content)
			content[uint(at)%uint(len(content))] ^= flip
		}
		r := &reader{set: &Set{}, hash: NewHasher(), labels: map[string]string{}, each: func(e Example) error {
			if strings.TrimSpace(e.Text) == "" || e.Label == "" || e.Line < 1 {
				t.Errorf("example %+v", e)
			}
			return nil
		}}
		if err := r.parquet(bytes.NewReader(content), int64(len(content))); err != nil && err.Error() == "" {
			t.Error("an error says nothing")
		}
	})
}
