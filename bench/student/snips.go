// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"retort/eval"
	"retort/eval/certify"
	"retort/internal/shareddata"
	"retort/student"
)

// sentence is a record of the SNIPS data set (Coucke and others, "Snips voice platform", 2018).
type sentence struct {
	Split  string
	Intent string
	Text   string
	Slots  []struct {
		Name       string
		Value      string
		Start, End int // characters
	}
	slots []slot // the same in bytes
}

type slot struct {
	name       string
	start, end int
}

// snips returns the official split, and the schema of its objects: the intent, and every slot, as a list where some
// sentence of the training split has it twice.
func snips() (train, validate []sentence, schema student.Schema, err error) {
	err = shareddata.ReadObjects("snips_nlu/snips.jsonl.gz", func(s *sentence) error {
		for _, x := range s.Slots {
			span, err := student.ByteSpan(s.Text, 0, x.Start, x.End)
			if err != nil {
				return err
			}
			s.slots = append(s.slots, slot{x.Name, span.Start, span.End})
		}
		if s.Split == "train" {
			train = append(train, *s)
		} else {
			validate = append(validate, *s)
		}
		return nil
	})
	if err != nil {
		return nil, nil, schema, err
	}
	return train, validate, snipsSchema(train), nil
}

func snipsSchema(train []sentence) student.Schema {
	intents, kinds := map[string]bool{}, map[string]student.Kind{}
	for _, s := range train {
		intents[s.Intent] = true
		seen := map[string]bool{}
		for _, x := range s.slots {
			if seen[x.name] {
				kinds[x.name] = student.KindSpans
			} else if kinds[x.name] == "" {
				kinds[x.name] = student.KindSpan
			}
			seen[x.name] = true
		}
	}
	schema := student.Schema{Fields: []student.Field{{Name: "intent", Kind: student.KindEnum, Values: slices.Sorted(maps.Keys(intents)), Required: true}}}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		schema.Fields = append(schema.Fields, student.Field{Name: name, Kind: kinds[name]})
	}
	return schema
}

// example turns a sentence into what a student learns from.
func (s *sentence) example(schema *student.Schema) (student.ObjectExample, error) {
	object := map[string]any{"intent": s.Intent}
	e := student.ObjectExample{Text: s.Text}
	for i := range schema.Fields {
		var values []string
		for _, x := range s.slots {
			if x.name == schema.Fields[i].Name {
				values = append(values, s.Text[x.start:x.end])
				e.Spans = append(e.Spans, student.Span{Field: i, Start: x.start, End: x.end})
			}
		}
		switch {
		case len(values) == 0:
		case schema.Fields[i].Kind == student.KindSpans:
			object[schema.Fields[i].Name] = values
		default:
			object[schema.Fields[i].Name] = values[0]
		}
	}
	var err error
	e.Object, err = json.Marshal(object)
	return e, err
}

func objects(sentences []sentence, schema *student.Schema) ([]student.ObjectExample, error) {
	out := make([]student.ObjectExample, len(sentences))
	for i := range sentences {
		var err error
		if out[i], err = sentences[i].example(schema); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// measureSnips learns to turn a sentence into an object of its intent and its slots. The validation split, which nothing was
// chosen by, is what is reported; -validate reports a fifth of the training split instead, to choose by.
func measureSnips(ctx context.Context, b *bench) error {
	train, test, schema, err := snips()
	if err != nil {
		return err
	}
	if b.validate {
		part := shuffle(train, 3)
		train, test = part[len(part)/5:], part[:len(part)/5]
	}
	examples, err := objects(train, &schema)
	if err != nil {
		return err
	}
	training, err := student.TrainExtractor(ctx, schema, examples, student.ExtractorOptions{Task: "snips", Seed: 1})
	if err != nil {
		return err
	}
	e := training.Extractor
	if err := b.extraction(e, &schema, test); err != nil {
		return err
	}
	if err := b.extractorCost(training, test); err != nil {
		return err
	}
	if err := b.extractorCertificate(training, &schema, test); err != nil {
		return err
	}
	return b.outOfScope(e, test)
}

func (b *bench) extraction(e *student.Extractor, schema *student.Schema, test []sentence) error {
	total, byIntent, fields := tally{}, map[string]*tally{}, make([]tally, len(schema.Fields))
	var x student.Extraction
	for i := range test {
		s := &test[i]
		if byIntent[s.Intent] == nil {
			byIntent[s.Intent] = &tally{}
		}
		e.Extract(&x, s.Text)
		one, err := judgeSentence(&x, schema, s)
		if err != nil {
			return err
		}
		total.add(one)
		byIntent[s.Intent].add(one)
		if err := judgeFields(fields, &x, schema, s); err != nil {
			return err
		}
	}
	worst, mean := 0.0, 0.0
	for _, f := range fields {
		off := math.Abs(f.believed-f.exact) / f.texts
		worst, mean = max(worst, off), mean+off/float64(len(fields))
	}
	b.AtLeast("snips_slot_f1", total.f1(), "", 0.90)
	for _, intent := range slices.Sorted(maps.Keys(byIntent)) {
		b.Note("snips_slot_f1_"+intent, byIntent[intent].f1(), "")
		b.Note("snips_object_exact_"+intent, byIntent[intent].exact/byIntent[intent].texts, "")
	}
	b.Note("snips_intent_accuracy", total.intent/total.texts, "")
	b.Note("snips_object_exact", total.exact/total.texts, "")
	b.Note("snips_object_mean_score", total.believed/total.texts, "")
	b.Note("snips_field_score_off_mean", mean, "")
	b.Note("snips_field_score_off_most", worst, "")
	b.AtLeast("snips_schema_valid", total.valid/total.texts, "", 1)
	return nil
}

// tally counts answers.
type tally struct {
	texts, intent, exact, valid, believed float64
	right, given, wanted                  float64 // slots
}

func (t *tally) add(o tally) {
	t.texts, t.intent, t.exact, t.valid, t.believed = t.texts+o.texts, t.intent+o.intent, t.exact+o.exact, t.valid+o.valid, t.believed+o.believed
	t.right, t.given, t.wanted = t.right+o.right, t.given+o.given, t.wanted+o.wanted
}

// f1 is that of slots with exactly the same name, start and end, as in CoNLL 2003.
func (t *tally) f1() float64 { return 2 * t.right / max(t.given+t.wanted, 1) }

func judgeSentence(x *student.Extraction, schema *student.Schema, s *sentence) (tally, error) {
	t := tally{texts: 1, believed: x.Score, given: float64(len(x.Spans)), wanted: float64(len(s.slots))}
	for _, span := range x.Spans {
		if slices.Contains(s.slots, slot{schema.Fields[span.Field].Name, span.Start, span.End}) {
			t.right++
		}
	}
	example, err := s.example(schema)
	if err != nil {
		return t, err
	}
	want, err := schema.Canonical(s.Text, example.Object)
	if err != nil {
		return t, err
	}
	if bytes.Equal(want, x.Object) {
		t.exact = 1
	}
	var got struct{ Intent string }
	if json.Unmarshal(x.Object, &got) == nil && got.Intent == s.Intent {
		t.intent = 1
	}
	if again, err := schema.Canonical(s.Text, x.Object); err == nil && bytes.Equal(again, x.Object) {
		t.valid = 1
	}
	return t, nil
}

// judgeFields counts for each field how often it is right, and how often the student says so.
func judgeFields(fields []tally, x *student.Extraction, schema *student.Schema, s *sentence) error {
	example, err := s.example(schema)
	if err != nil {
		return err
	}
	canonical, err := schema.Canonical(s.Text, example.Object)
	if err != nil {
		return err
	}
	var want, got map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(canonical, &want), json.Unmarshal(x.Object, &got)); err != nil {
		return err
	}
	for i := range fields {
		fields[i].texts++
		fields[i].believed += x.Fields[i]
		if name := schema.Fields[i].Name; bytes.Equal(want[name], got[name]) {
			fields[i].exact++
		}
	}
	return nil
}

func (b *bench) extractorCost(training *student.ExtractorTraining, test []sentence) error {
	folder, err := os.MkdirTemp("", "bench-student-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "student")
	size, err := training.Extractor.WriteFile(path)
	if err != nil {
		return err
	}
	e, err := student.OpenExtractor(path)
	if err != nil {
		return err
	}
	defer e.Close()
	best := make([]float64, len(test))
	var x student.Extraction
	for round := range 5 {
		for i := range test {
			start := time.Now()
			e.Extract(&x, test[i].Text)
			if took := float64(time.Since(start).Nanoseconds()) / 1e3; round == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	slices.Sort(best)
	at := 0
	allocations := testing.AllocsPerRun(1000, func() {
		e.Extract(&x, test[at%len(test)].Text)
		at++
	})
	b.AtMost("snips_p50", best[len(best)/2], "µs", 60)
	b.Note("snips_p99", best[len(best)*99/100], "µs")
	b.AtMost("snips_allocations", allocations, "", 0)
	b.Note("snips_bytes", float64(size), "")
	b.Note("snips_train_seconds", training.Seconds, "s")
	b.Note("snips_crossfit_seconds", training.CrossFitSeconds, "s")
	b.Note("snips_unaligned_examples", float64(len(training.Unaligned)), "")
	b.Note("snips_crossfit_object_exact", e.Card().Metrics["cross_fit_object_accuracy"], "")
	return nil
}

// extractorCertificate finds the threshold for whole objects from the answers out of fold, and counts on the test split.
func (b *bench) extractorCertificate(training *student.ExtractorTraining, schema *student.Schema, test []sentence) error {
	judgements := make([]certify.Judgement, len(training.OutOfFold))
	for i := range judgements {
		judgements[i] = certify.Judgement{Score: training.OutOfFold[i].Score, Agree: training.OutOfFold[i].Agree}
	}
	certificate, err := certify.CrossFitted(judgements, goal)
	if err != nil {
		return err
	}
	answered, agreed := 0.0, 0.0
	var x student.Extraction
	for i := range test {
		training.Extractor.Extract(&x, test[i].Text)
		if !certificate.Answers(x.Score) {
			continue
		}
		one, err := judgeSentence(&x, schema, &test[i])
		if err != nil {
			return err
		}
		answered++
		agreed += one.exact
	}
	b.Note("snips_coverage_95", answered/float64(len(test)), "")
	b.Note("snips_agreement_95", agreed/max(answered, 1), "")
	return b.fieldCertificates(training, schema, test)
}

// fieldCertificates finds a threshold for the values of each field, all at once, and counts on the test split: how many of the
// values given reach it, how many of those agree, and for how many fields fewer than wanted do.
func (b *bench) fieldCertificates(training *student.ExtractorTraining, schema *student.Schema, test []sentence) error {
	names := schema.Names()
	judgements := make([][]certify.Judgement, len(names))
	for i := range training.OutOfFold {
		j := &training.OutOfFold[i]
		for f, a := range eval.AnswersByField(string(j.Want), string(j.Object), names) {
			if a.Given {
				judgements[f] = append(judgements[f], certify.Judgement{Score: j.Extraction.Fields[f], Agree: a.Same})
			}
		}
	}
	share := certify.Goal{Agreement: goal.Agreement, Confidence: 1 - (1-goal.Confidence)/float64(len(names))}
	speaking, wanted, given, relied, right := 0.0, 0.0, 0.0, 0.0, 0.0
	certificates, each := make([]certify.Certificate, len(names)), make([][2]float64, len(names))
	for f := range names {
		var err error
		if certificates[f], err = certify.CrossFitted(judgements[f], share); err != nil {
			return err
		}
		if certificates[f].Speaks() {
			speaking++
		}
	}
	var x student.Extraction
	for i := range test {
		training.Extractor.Extract(&x, test[i].Text)
		example, err := test[i].example(schema)
		if err != nil {
			return err
		}
		want, err := schema.Canonical(test[i].Text, example.Object)
		if err != nil {
			return err
		}
		for f, a := range eval.AnswersByField(string(want), string(x.Object), names) {
			if a.Gold {
				wanted++
			}
			if !a.Given {
				continue
			}
			given++
			if certificates[f].Answers(x.Fields[f]) {
				relied, each[f][0] = relied+1, each[f][0]+1
				if a.Same {
					right, each[f][1] = right+1, each[f][1]+1
				}
			}
		}
	}
	short := 0.0 // fields of which an exact test, each alone, says that they are below what was wanted
	for _, c := range each {
		if certify.UpperBound(int(c[1]), int(c[0]), 1-goal.Confidence) < goal.Agreement {
			short++
		}
	}
	b.Note("snips_fields_with_threshold", speaking, "")
	b.Note("snips_fields_below_95", short, "")
	b.Note("snips_field_coverage_95", relied/max(given, 1), "")
	b.Note("snips_field_agreement_95", right/max(relied, 1), "")
	b.Note("snips_field_found_95", right/max(wanted, 1), "")
	return nil
}

// outOfScope asks how well novelty tells the task's texts from those of two other data sets: the chance that one of theirs
// is the stranger of two.
func (b *bench) outOfScope(e *student.Extractor, test []sentence) error {
	own := make([]float64, len(test))
	var x student.Extraction
	flagged := 0.0
	for i := range test {
		e.Extract(&x, test[i].Text)
		if own[i] = x.Novelty; x.Novelty >= 0.99 {
			flagged++
		}
	}
	b.Note("snips_novel_in_scope", flagged/float64(len(test)), "")
	_, banking, err := banking()
	if err != nil {
		return err
	}
	_, rows, err := shareddata.ReadCSV("clinc150/data_full.csv")
	if err != nil {
		return err
	}
	var strays []student.Example
	for _, row := range rows {
		if row[0] == "oos_test" {
			strays = append(strays, student.Example{Text: row[1]})
		}
	}
	for _, set := range []struct {
		name  string
		texts []student.Example
	}{{"banking77", banking}, {"clinc150_oos", strays}} {
		others := make([]float64, len(set.texts))
		found := 0.0
		for i := range set.texts {
			e.Extract(&x, set.texts[i].Text)
			if others[i] = x.Novelty; x.Novelty >= 0.99 {
				found++
			}
		}
		b.Note(fmt.Sprintf("snips_novelty_auc_%s", set.name), stranger(own, others), "")
		b.Note(fmt.Sprintf("snips_novel_%s", set.name), found/float64(len(others)), "")
	}
	return nil
}

// stranger is the chance that of two texts, one of each kind, the other's is the more novel; half of it when they are alike.
func stranger(own, others []float64) float64 {
	slices.Sort(own)
	sum := 0.0
	for _, x := range others {
		below, _ := slices.BinarySearch(own, x)
		upTo := below
		for upTo < len(own) && own[upTo] == x {
			upTo++
		}
		sum += float64(below+upTo) / 2
	}
	return sum / float64(len(own)) / float64(len(others))
}
