// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write puts content into a file of its own.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadFile(t *testing.T) {
	lost := Example{Text: "I lost my card, again", Label: "lost_card", Line: 2}
	tests := []struct {
		name    string
		file    string
		content string
		columns Columns
		want    []Example
	}{
		{"csv", "a.csv", "text,category\n\"I lost my card, again\",lost_card\nhi,greeting\n", Columns{}, []Example{lost, {Text: "hi", Label: "greeting", Line: 3}}},
		{"byte-order mark and CRLF", "a.csv", "\ufefftext,label\r\n\"I lost my card, again\",lost_card\r\n", Columns{}, []Example{lost}},
		{"no last line end", "a.csv", "text,label\n\"I lost my card, again\",lost_card", Columns{}, []Example{lost}},
		{"semicolons", "a.csv", "Text;Label\nI lost my card, again;lost_card\n", Columns{}, []Example{lost}},
		{"tabs in a csv", "a.csv", "text\tlabel\nI lost my card, again\tlost_card\n", Columns{}, []Example{lost}},
		{"named columns", "a.csv", "label,text,mine,yours\nx,y,\"I lost my card, again\",lost_card\n", Columns{Input: "mine", Label: "yours"}, []Example{lost}},
		{"one named column", "a.csv", "text,label,yours\n\"I lost my card, again\",x,lost_card\n", Columns{Label: "yours"}, []Example{lost}},
		{"names spelled alike", "a.csv", "id,Customer Message,Intent\n1,\"I lost my card, again\",lost_card\n", Columns{Input: "customer_message"}, []Example{lost}},
		{"quotes over lines", "a.csv", "text,label\n\"a \"\"b\"\"\nc\",x\nd,y\n", Columns{}, []Example{{Text: "a \"b\"\nc", Label: "x", Line: 2}, {Text: "d", Label: "y", Line: 4}}},
		{"quotes inside a field", "a.csv", "text,label\nsay \"hi\" now,x\n", Columns{}, []Example{{Text: "say \"hi\" now", Label: "x", Line: 2}}},
		{"empty quotes", "a.csv", "text,label,note\na,x,\"\"\n", Columns{}, []Example{{Text: "a", Label: "x", Line: 2}}},
		{"empty lines", "a.csv", "\n\ntext,label\n\na,x\n\n", Columns{}, []Example{{Text: "a", Label: "x", Line: 5}}},
		{"blanks", "a.csv", "text,label\n  a  , x \n", Columns{}, []Example{{Text: "  a  ", Label: "x", Line: 2}}},
		{"tsv", "a.tsv", "text\tlabel\nI lost my card, again\tlost_card\n", Columns{}, []Example{lost}},
		{"tsv with quotes over lines", "a.tsv", "text\tlabel\n\"I lost my card,\r\nthe \"\"blue\"\" one\n\"\tlost_card\nb\ty\n", Columns{}, []Example{{Text: "I lost my card,\r\nthe \"blue\" one\n", Label: "lost_card", Line: 2}, {Text: "b", Label: "y", Line: 5}}},
		{"tsv with lines in its last field", "a.tsv", "label\ttext\nlost_card\t\"I lost\n\nmy card\"\ny\tb\n", Columns{}, []Example{{Text: "I lost\n\nmy card", Label: "lost_card", Line: 2}, {Text: "b", Label: "y", Line: 5}}},
		{"tsv with tabs and lines in quotes", "a.tsv", "text\tlabel\n\"a\tb\tc\nd\"\tx\n\"a\tb\n\nd\te\tf\"\ty\n", Columns{}, []Example{{Text: "a\tb\tc\nd", Label: "x", Line: 2}, {Text: "a\tb\n\nd\te\tf", Label: "y", Line: 4}}},
		{"tsv with lone quotes in whole rows", "a.tsv", "text\tlabel\n\"a\tx\nb\ty\nc\"\tz\n", Columns{}, []Example{{Text: "\"a", Label: "x", Line: 2}, {Text: "b", Label: "y", Line: 3}, {Text: "c\"", Label: "z", Line: 4}}},
		{"tsv with a quote that text follows", "a.tsv", "label\ttext\nx\t\"a\ny\tsaid \"b\"\n", Columns{}, []Example{{Text: "\"a", Label: "x", Line: 2}, {Text: "said \"b\"", Label: "y", Line: 3}}},
		{"tsv whose last quote is a quote", "a.tsv", "label\ttext\nx\t\"a\ny\tb\n", Columns{}, []Example{{Text: "\"a", Label: "x", Line: 2}, {Text: "b", Label: "y", Line: 3}}},
		{"tsv with a lone quote", "a.tsv", "text\tlabel\n\"no end\tx\n\"an end\"\ty\n", Columns{}, []Example{{Text: "\"no end", Label: "x", Line: 2}, {Text: "an end", Label: "y", Line: 3}}},
		{"jsonl", "a.jsonl", "\n{\"input\": \"I lost my card, again\", \"answer\": \"lost_card\"}\n", Columns{}, []Example{lost}},
		{"jsonl numbers as text", "a.ndjson", `{"text": 12.50, "label": true}`, Columns{}, []Example{{Text: "12.50", Label: "true", Line: 1}}},
		{"jsonl named fields", "a.jsonl", `{"text": "x", "q": "hi", "r": "y"}`, Columns{Input: "q", Label: "r"}, []Example{{Text: "hi", Label: "y", Line: 1}}},
		{"jsonl fields missing at first", "a.jsonl", "{\"z\": 1}\n{\"q\": \"hi\", \"r\": \"y\"}", Columns{Input: "q", Label: "r"}, []Example{{Text: "hi", Label: "y", Line: 2}}},
		{"chat", "a.jsonl", `{"messages": [{"role": "system", "content": "Label it."}, {"role": "user", "content": [{"type": "text", "text": "hi"}]}, {"role": "assistant", "content": " greeting\n"}]}`, Columns{}, []Example{{Text: "hi", Label: "greeting", Line: 1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set, err := ReadFile(write(t, test.file, test.content), test.columns)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, set.Examples); diff != "" {
				t.Errorf("examples (-want +got):\n%s", diff)
			}
			if set.Name != test.file || set.Hash != Hash(test.want) {
				t.Errorf("name %q, hash %q", set.Name, set.Hash)
			}
		})
	}
}

func TestReadFileErrors(t *testing.T) {
	long := strings.Repeat("x", MaxRecord+1)
	tests := []struct {
		name    string
		file    string
		content string
		columns Columns
		want    string // behind the file's path
	}{
		{"empty", "a.csv", "", Columns{}, ": the file is empty"},
		{"empty jsonl", "a.jsonl", "\n\n", Columns{}, ": the file is empty"},
		{"header only", "a.csv", "text,label\n", Columns{}, ": there are no rows"},
		{"nothing usable", "a.csv", "text,label\n,x\ny,\n", Columns{}, `: none of 2 rows holds both a text ("text") and a label ("label")`},
		{"no such column", "a.csv", "text,label\na,b\n", Columns{Input: "mesage"}, `:1: no column is named "mesage"; there is "text", "label"`},
		{"unknown columns", "a.csv", "utt,goal\na,b\n", Columns{}, `:1: which column is the input text? there is "utt", "goal"; name it with --input`},
		{"unknown label column", "a.csv", "text,goal\na,b\n", Columns{}, `:1: which column is the label? there is "text", "goal"; name it with --label`},
		{"no header", "a.csv", "Where is my new card?,card_arrival\nHi there,greeting\n", Columns{}, ":1: the first line looks like data; put a line with the columns' names above it, such as text,label"},
		{"one column twice", "a.csv", "text,label\na,b\n", Columns{Label: "text"}, `:1: the input and the label are the same column "text"; name two with --input and --label`},
		{"ragged", "a.csv", "text,label\na,b\nc,d,e\n", Columns{}, ":3: the row has 3 fields, the first line 2; put a field that holds ',' into quotes"},
		{"open quote", "a.csv", "text,label\na,b\n\"c,d\ne,f\n", Columns{}, ":3: a field begins with a quote that is never closed; close it, or double the quote and put the field into quotes"},
		{"open quote in a tsv", "a.tsv", "text\tlabel\na\tb\n\"c\ne\tf\n", Columns{}, ":3: a field begins with a quote that is never closed; close it, or double the quote and put the field into quotes"},
		{"a quote that is just a quote, and a row without label", "a.tsv", "text\tlabel\n\"5 disk\nmy 3\" drive\tx\n", Columns{}, ":2: there is text behind a closing quote; double the quotes that belong to the text"},
		{"text behind a quote", "a.csv", "text,label\n\"a\" b,c\n", Columns{}, ":2: there is text behind a closing quote; double the quotes that belong to the text"},
		{"long line", "a.csv", "text,label\n" + long + ",b\n", Columns{}, ":2: the line is longer than 16 MiB"},
		{"long quote", "a.csv", "text,label\n\"" + strings.Repeat("x\n", MaxRecord/2), Columns{}, ":2: a quote is not closed within 16 MiB"},
		{"utf-16", "a.csv", "\xff\xfet\x00e\x00", Columns{}, ": the file is UTF-16; save it as UTF-8"},
		{"not json", "a.jsonl", "{\"text\": \"a\", \"label\": \"b\"}\n{\"text\": a}\n", Columns{}, ":2: the line is not JSON: invalid character 'a' looking for beginning of value at byte 10"},
		{"a json array", "a.jsonl", `[{"text": "a", "label": "b"}]`, Columns{}, `:1: the line is no JSON object; write one object a line, such as {"text": …, "label": …}`},
		{"an object as text", "a.jsonl", `{"text": {"a": 1}, "label": "b"}`, Columns{}, `:1: field "text" is no text but an object or a list`},
		{"no such field", "a.jsonl", `{"text": "a", "label": "b"}`, Columns{Input: "q", Label: "label"}, `: no object has the field "q"; the first has "text", "label"; name the right one with --input`},
		{"unknown fields", "a.jsonl", `{"utt": "a", "goal": "b"}`, Columns{}, `:1: which column is the input text? there is "utt", "goal"; name it with --input`},
		{"chat without an answer", "a.jsonl", `{"messages": [{"role": "user", "content": "hi"}]}`, Columns{}, ":1: messages: the last message must be the assistant's answer to the ones before"},
		{"chat with an image", "a.jsonl", `{"messages": [{"role": "user", "content": [{"type": "image_url"}]}, {"role": "assistant", "content": "x"}]}`, Columns{}, `:1: messages[0].content: part 0 is of type "image_url"; only text can be learned from`},
		{"chat with a strange role", "a.jsonl", `{"messages": [{"role": "boss", "content": "hi"}, {"role": "assistant", "content": "x"}]}`, Columns{}, `:1: messages[0].role: "boss" is none of system, developer, user, assistant, tool`},
		{"unknown type", "a.xlsx", "PK", Columns{}, `: a file of type ".xlsx" cannot be read; give .csv, .tsv or .jsonl, gzipped or not, or .parquet`},
		{"not zipped", "a.csv.gz", "text,label\n", Columns{}, ": unzip: gzip: invalid header"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.file, test.content)
			set, err := ReadFile(path, test.columns)
			if err == nil {
				t.Fatalf("read %d examples, want an error", len(set.Examples))
			}
			if got := strings.TrimPrefix(err.Error(), path); got != test.want {
				t.Errorf("error\n got %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("missing file", func(t *testing.T) {
		_, err := ReadFile(filepath.Join(t.TempDir(), "none.csv"), Columns{})
		if !os.IsNotExist(errorsRoot(err)) {
			t.Errorf("error %v, want one of a missing file", err)
		}
	})
}

// errorsRoot returns the innermost error.
func errorsRoot(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

func TestUnusableRowsAreCounted(t *testing.T) {
	set, err := ReadFile(write(t, "a.csv", "text,label\na,x\n,x\n \t ,x\nb,\nc,  \nd\xff,y\n"), Columns{})
	if err != nil {
		t.Fatal(err)
	}
	want := Skipped{NoText: 2, NoLabel: 2, Lines: []int{3, 4, 5, 6}}
	if diff := cmp.Diff(want, set.Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if set.Repaired != 1 || set.Examples[1].Text != "d\ufffd" {
		t.Errorf("repaired %d, examples %v; want the byte replaced and counted", set.Repaired, set.Examples)
	}
}

func TestReadGzip(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	fmt.Fprint(w, `{"text": "a", "label": "x"}`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	set, err := ReadFile(write(t, "a.jsonl.gz", zipped.String()), Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Example{{Text: "a", Label: "x", Line: 1}}, set.Examples); diff != "" {
		t.Errorf("examples (-want +got):\n%s", diff)
	}
	cut := zipped.String()[:zipped.Len()-9]
	if _, err := ReadFile(write(t, "b.jsonl.gz", cut), Columns{}); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Errorf("a cut file gives error %v", err)
	}
}

func TestLongLines(t *testing.T) {
	text := strings.Repeat("long ", 1<<18) // 1.25 MiB, far over the read buffer
	set, err := ReadFile(write(t, "a.csv", "text,label\n"+text+",x\nb,y\n"), Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Examples) != 2 || set.Examples[0].Text != text || set.Examples[1].Text != "b" {
		t.Errorf("read %d examples, the first of %d bytes", len(set.Examples), len(set.Examples[0].Text))
	}
}
