// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Format is a kind of file that examples are exported to.
type Format string

// The formats.
const (
	JSONL   Format = "jsonl"   // one object a line, with everything known of the example
	Parquet Format = "parquet" // the same in columns; soft labels are JSON
	OpenAI  Format = "openai"  // OpenAI's fine-tuning file: a conversation a line, texts and labels alone
)

// Formats are all of them.
var Formats = []Format{JSONL, Parquet, OpenAI}

// FormatOf returns the format that a file's name asks for, whether gzipped or not; JSONL for a name that does not say.
func FormatOf(name string) Format {
	if strings.HasSuffix(strings.TrimSuffix(strings.ToLower(name), ".gz"), ".parquet") {
		return Parquet
	}
	return JSONL
}

// Export writes examples in a format and returns how many. instructions, which only OpenAI takes, become the system message of each
// conversation, unless they are empty. Memory does not grow with the number of examples.
func Export(w io.Writer, format Format, instructions string, examples iter.Seq2[Example, error]) (n int, err error) {
	switch format {
	case JSONL:
		return exportLines(w, examples, func(e *Example) any { return e })
	case OpenAI:
		return exportLines(w, examples, func(e *Example) any { return conversationOf(e, instructions) })
	case Parquet:
		return exportParquet(w, examples)
	}
	return 0, fmt.Errorf("format %q is none of %v", format, Formats)
}

func exportLines(w io.Writer, examples iter.Seq2[Example, error], line func(*Example) any) (n int, err error) {
	buffer := bufio.NewWriterSize(w, 256<<10)
	out := json.NewEncoder(buffer)
	out.SetEscapeHTML(false)
	for e, err := range examples {
		if err != nil {
			return n, err
		}
		if err := out.Encode(line(&e)); err != nil {
			return n, fmt.Errorf("write examples: %w", err)
		}
		n++
	}
	if err := buffer.Flush(); err != nil {
		return n, fmt.Errorf("write examples: %w", err)
	}
	return n, nil
}

// turns is a line of OpenAI's fine-tuning format.
type turns struct {
	Messages []turn `json:"messages"`
}

type turn struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func conversationOf(e *Example, instructions string) turns {
	var all []turn
	if instructions != "" {
		all = append(all, turn{"system", instructions})
	}
	return turns{append(all, turn{"user", e.Text}, turn{"assistant", e.Label})}
}

// parquetRow is an example as a row.
type parquetRow struct {
	Text    string     `parquet:"text"`
	Label   string     `parquet:"label,dict"`
	Soft    string     `parquet:"soft,optional"` // JSON
	Gold    bool       `parquet:"gold"`
	Hard    bool       `parquet:"hard"`
	Teacher string     `parquet:"teacher,dict"`
	Source  string     `parquet:"source,dict"`
	Line    int64      `parquet:"line"`
	ID      string     `parquet:"id"`
	Time    *time.Time `parquet:"time,optional,timestamp(microsecond)"`
	Tenant  string     `parquet:"tenant,dict"`
}

// exportParquet writes row groups of 50,000 rows, compressed by Zstandard.
func exportParquet(w io.Writer, examples iter.Seq2[Example, error]) (n int, err error) {
	const groupRows, batchRows = 50_000, 1000
	out := parquet.NewGenericWriter[parquetRow](w, parquet.Compression(&zstd.Codec{}), parquet.MaxRowsPerRowGroup(groupRows), parquet.CreatedBy("retort", "", ""))
	batch := make([]parquetRow, 0, batchRows)
	flush := func() error {
		_, err := out.Write(batch)
		batch = batch[:0]
		return err
	}
	for e, err := range examples {
		if err != nil {
			return n, err
		}
		row, err := rowOf(&e)
		if err != nil {
			return n, err
		}
		n++
		if batch = append(batch, row); len(batch) == batchRows {
			if err := flush(); err != nil {
				return n, fmt.Errorf("write Parquet: %w", err)
			}
		}
	}
	err = flush()
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return n, fmt.Errorf("write Parquet: %w", err)
	}
	return n, nil
}

func rowOf(e *Example) (parquetRow, error) {
	row := parquetRow{Text: e.Text, Label: e.Label, Gold: e.Gold, Hard: e.Hard, Teacher: e.Teacher,
		Source: e.Source, Line: int64(e.Line), ID: e.ID, Tenant: e.Tenant}
	if e.Soft != nil {
		soft, err := json.Marshal(e.Soft)
		if err != nil {
			return row, fmt.Errorf("write soft labels: %w", err)
		}
		row.Soft = string(soft)
	}
	if !e.Time.IsZero() {
		at := e.Time
		row.Time = &at
	}
	return row, nil
}

// All yields examples that are in memory.
func All(examples []Example) iter.Seq2[Example, error] {
	return func(yield func(Example, error) bool) {
		for _, e := range slices.All(examples) {
			if !yield(e, nil) {
				return
			}
		}
	}
}
