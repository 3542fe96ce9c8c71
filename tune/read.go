// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"retort/internal/suggest"
	"retort/model"
)

// MaxRecord is the longest record of a file, in bytes.
const MaxRecord = 16 << 20

// ReadFile reads records from a file of JSON lines or CSV, each also with .gz behind. docs/blends.md describes both.
//
// A record of JSON lines is an object with the request as "input" (or "text", "prompt") or as "messages", and "outcomes": by a
// model's name a number from 0 to 1, true or false, or {"quality": …, "cost": …, "answer": …}. Where "label" has the right
// answer, an outcome without a quality is right when its answer is the label; where "preferred" names a
// model, its answer counts as 1 and the others', without a quality, as 0.
// "domain" is what kind of request it is.
//
//	{"input": "2+2?", "domain": "sums", "outcomes": {"fast": 1, "smart": {"quality": 1, "cost": 0.002}}}
//	{"input": "Where is my card?", "label": "card_arrival", "outcomes": {"fast": {"answer": "lost_card", "cost": 0.0001}}}
//
// A CSV has the same names in its first line, and the outcomes in columns with a model's name, for its quality, and .cost or
// .answer behind it. Only those of the models given are read, so that other columns do not hurt; ignored,
// which may be nil, gets the other names with how many outcomes each has. Errors begin with file:line where a line is to blame.
func ReadFile(path string, models []string, ignored map[string]int) ([]Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read outcomes: %w", err)
	}
	defer f.Close()
	var source io.Reader = f
	name := strings.ToLower(filepath.Base(path))
	if plain, ok := strings.CutSuffix(name, ".gz"); ok {
		zipped, err := gzip.NewReader(bufio.NewReader(f))
		if err != nil {
			return nil, fmt.Errorf("%s: unzip: %w", path, err)
		}
		defer zipped.Close()
		source, name = zipped, plain
	}
	records, line, err := read(source, filepath.Ext(name), models, ignored)
	switch {
	case err != nil && line > 0:
		return nil, fmt.Errorf("%s:%d: %w", path, line, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case len(records) == 0:
		return nil, fmt.Errorf("%s: there are no records", path)
	}
	return records, nil
}

func read(source io.Reader, ext string, models []string, ignored map[string]int) ([]Record, int, error) {
	switch ext {
	case ".jsonl", ".ndjson":
		return readObjects(source, models, ignored)
	case ".csv":
		return readTable(source, models, ignored)
	}
	return nil, 0, fmt.Errorf("a file of type %q cannot be read; give .jsonl or .csv, gzipped or not", ext)
}

// object is one line of a JSON lines file.
type object struct {
	Input    *string                    `json:"input"`
	Text     *string                    `json:"text"`
	Prompt   *string                    `json:"prompt"`
	Messages []message                  `json:"messages"`
	Domain   string                     `json:"domain"`
	Label    string                     `json:"label"`
	Better   string                     `json:"preferred"`
	Outcomes map[string]json.RawMessage `json:"outcomes"`
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// readObjects returns the records, or an error with its line.
func readObjects(source io.Reader, models []string, ignored map[string]int) ([]Record, int, error) {
	in := bufio.NewScanner(source)
	in.Buffer(make([]byte, 64<<10), MaxRecord)
	var records []Record
	line := 0
	for in.Scan() {
		line++
		text := bytes.TrimSpace(bytes.TrimPrefix(in.Bytes(), []byte("\xef\xbb\xbf")))
		if len(text) == 0 {
			continue
		}
		var o object
		if err := json.Unmarshal(text, &o); err != nil {
			return nil, line, fmt.Errorf("the line is no record: %w", err)
		}
		r, err := o.record(models, ignored)
		if err != nil {
			return nil, line, err
		}
		r.Line = line
		records = append(records, r)
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("the line is longer than %d MiB", MaxRecord>>20)
		}
		return nil, line + 1, err
	}
	return records, 0, nil
}

var errNoRequest = errors.New(`there is no request; give "input", or "messages"`)

func (o *object) record(models []string, ignored map[string]int) (Record, error) {
	r := Record{Domain: o.Domain, Label: strings.TrimSpace(o.Label), Outcomes: map[string]Outcome{}}
	var err error
	if r.Content, err = o.content(); err != nil {
		return r, err
	}
	if _, ok := o.Outcomes[o.Better]; o.Better != "" && !ok {
		return r, fmt.Errorf("preferred: %.100q has no outcome; name the model whose answer is the best", o.Better)
	}
	for name, raw := range o.Outcomes {
		if !slices.Contains(models, name) {
			if ignored != nil {
				ignored[name]++
			}
			continue
		}
		out, known, err := outcomeOf(raw, r.Label)
		if o.Better != "" && errors.Is(err, errNoQuality) && out.Answer != "" {
			if known, err = true, checkCost(out.Cost); name == o.Better {
				out.Quality = 1
			}
		}
		if err != nil {
			return r, fmt.Errorf("outcomes.%s: %w", name, err)
		}
		if known {
			r.Outcomes[name] = out
		}
	}
	return r, nil
}

func (o *object) content() (*model.Content, error) {
	for _, text := range []*string{o.Input, o.Text, o.Prompt} {
		if text != nil && strings.TrimSpace(*text) != "" {
			return model.Prompt(*text), nil
		}
	}
	c := &model.Content{}
	for i, m := range o.Messages {
		role := model.Role(m.Role)
		if role == "developer" {
			role = model.System
		}
		if !slices.Contains([]model.Role{model.System, model.User, model.Assistant, model.ToolRole}, role) {
			return nil, fmt.Errorf("messages[%d].role: %q is none of system, developer, user, assistant, tool", i, m.Role)
		}
		c.Messages = append(c.Messages, model.Text(role, m.Content))
	}
	if len(c.Messages) == 0 {
		return nil, errNoRequest
	}
	return c, nil
}

// written is an outcome as an object.
type written struct {
	Quality any      `json:"quality"`
	Cost    *float64 `json:"cost"`
	Answer  *string  `json:"answer"`
}

var errNoQuality = errors.New(`has neither a quality nor, beside a label or a preferred model, an answer`)

// outcomeOf reads an outcome; known is false for null.
func outcomeOf(raw json.RawMessage, label string) (out Outcome, known bool, err error) {
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return out, false, err
	}
	if plain == nil {
		return out, false, nil
	}
	if _, ok := plain.(map[string]any); !ok {
		out.Quality, err = qualityOf(plain)
		return out, err == nil, err
	}
	var w written
	if err := json.Unmarshal(raw, &w); err != nil {
		return out, false, err
	}
	if w.Cost != nil {
		out.Cost = *w.Cost
	}
	if w.Answer != nil {
		out.Answer = *w.Answer
	}
	switch {
	case w.Quality != nil:
		out.Quality, err = qualityOf(w.Quality)
	case w.Answer != nil && label != "":
		out.Quality = matches(out.Answer, label)
	default:
		err = errNoQuality
	}
	if err == nil {
		err = checkCost(out.Cost)
	}
	return out, err == nil, err
}

// matches returns 1 for an answer that is the label, blanks at its ends aside, else 0.
func matches(answer, label string) float64 {
	if strings.TrimSpace(answer) == label {
		return 1
	}
	return 0
}

func qualityOf(v any) (float64, error) {
	switch x := v.(type) {
	case bool:
		if x {
			return 1, nil
		}
		return 0, nil
	case float64:
		if x >= 0 && x <= 1 {
			return x, nil
		}
		return 0, fmt.Errorf("the quality is %v; want a number from 0 to 1", x)
	}
	return 0, errors.New("the quality is no number from 0 to 1, nor true or false")
}

func checkCost(cost float64) error {
	if !(cost >= 0 && cost <= math.MaxFloat32) {
		return fmt.Errorf("the cost is %v; want US dollars, 0 or more", cost)
	}
	return nil
}

// readTable returns the records of a CSV, or an error with its line.
func readTable(source io.Reader, models []string, ignored map[string]int) ([]Record, int, error) {
	in := csv.NewReader(source)
	in.ReuseRecord, in.LazyQuotes = true, false
	head, err := in.Read()
	if err != nil {
		return nil, 1, fmt.Errorf("read the names of the columns: %w", err)
	}
	head = slices.Clone(head)
	for i := range head {
		head[i] = strings.TrimSpace(strings.TrimPrefix(head[i], "\ufeff"))
	}
	if !slices.ContainsFunc(head, func(c string) bool { return slices.Contains([]string{"input", "text", "prompt"}, c) }) {
		return nil, 1, fmt.Errorf(`no column is named "input"; there is %q`, head)
	}
	misspelt := misspeltColumns(head, models)
	var records []Record
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return records, 0, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return nil, wrong.Line, wrong.Err
		}
		if err != nil {
			return nil, 0, err
		}
		line, _ := in.FieldPos(0)
		if ignored != nil {
			for _, name := range misspelt {
				ignored[name]++
			}
		}
		o, err := objectOf(head, row, models)
		if err != nil {
			return nil, line, err
		}
		r, err := o.record(models, ignored)
		if err != nil {
			return nil, line, err
		}
		r.Line = line
		records = append(records, r)
	}
}

// misspeltColumns returns what stands before .cost or .answer in columns of no model, and columns that look like a model's name.
func misspeltColumns(head, models []string) []string {
	var out []string
	for _, column := range head {
		name := column
		for _, suffix := range []string{".cost", ".answer", ".quality"} {
			name = strings.TrimSuffix(name, suffix)
		}
		known := slices.Contains([]string{"input", "text", "prompt", "domain", "label"}, column) || slices.Contains(models, name)
		if !known && !slices.Contains(out, name) && (name != column || suggest.Near(name, models) != "") {
			out = append(out, name)
		}
	}
	return out
}

// objectOf makes an object of a row.
func objectOf(head, row, models []string) (*object, error) {
	o := &object{}
	found := map[string]*written{}
	of := func(name string) *written {
		if found[name] == nil {
			found[name] = &written{}
		}
		return found[name]
	}
	for i, column := range head {
		value := strings.Clone(row[i])
		name, part := column, ""
		for _, suffix := range []string{".cost", ".answer", ".quality"} {
			if cut, ok := strings.CutSuffix(column, suffix); ok {
				name, part = cut, suffix
			}
		}
		switch isModel := slices.Contains(models, name); {
		case isModel && value == "":
		case isModel && part == ".answer":
			of(name).Answer = &value
		case isModel:
			if err := of(name).number(part, value); err != nil {
				return nil, fmt.Errorf("column %s: %w", column, err)
			}
		case column == "input" || column == "text" || column == "prompt":
			o.Input = &value
		case column == "domain":
			o.Domain = value
		case column == "label":
			o.Label = value
		}
	}
	o.Outcomes = map[string]json.RawMessage{}
	for name, w := range found {
		if w.Quality == nil && w.Answer == nil {
			continue // a cost alone says nothing
		}
		raw, err := json.Marshal(w)
		if err != nil {
			return nil, err
		}
		o.Outcomes[name] = raw
	}
	return o, nil
}

// number sets a quality or a cost.
func (w *written) number(part, value string) error {
	if part != ".cost" && (value == "true" || value == "false") {
		w.Quality = value == "true"
		return nil
	}
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("%q is no number", value)
	}
	if part == ".cost" {
		w.Cost = &x
	} else {
		w.Quality = x
	}
	return nil
}
