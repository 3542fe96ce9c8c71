// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"retort/student/internal/text"
	"retort/student/internal/value"
)

// ObjectExample is a text with the object that the teacher answered.
type ObjectExample struct {
	Text   string
	Object []byte // JSON that keeps to the schema, canonical or not
	// Spans say where values lie, in bytes, for those fields of which it is known. The others are looked for: a value that
	// the text has more than once is taken to be the first that is free. Those of one field are in the order of the object.
	Spans  []Span
	Weight float64 // how many times the example counts; 0 means 1
	// Hard marks an example that was picked, as that of [Example]: it trains, and neither calibrates the answers' scores nor judges.
	Hard bool
}

// ExtractorOptions of [TrainExtractor]. The zero value is usable.
type ExtractorOptions struct {
	Task    string
	Effort  Effort // of the classifiers
	Seed    uint64
	Workers int // goroutines; 0: GOMAXPROCS. They change the time, not the result
	// Folds of the cross-fit that calibrates; 0 means 5. At least 2.
	Folds int
	Outside
	// Progress, where set, is told how far the stages "classifiers", "cross-fit" and "fit" are, as that of [Options].
	Progress func(stage string, done, total int)
}

// JudgedObject is an answer to an example by a model that saw neither the example nor its text.
type JudgedObject struct {
	Extraction
	Want  []byte // the teacher's object, canonical
	Agree bool   // Object equals Want
	// FieldAgrees says of each field of the schema whether the values agree.
	FieldAgrees []bool
}

// Unaligned is an example that has a value which its text has not. It trains the classifiers only, and no student will
// agree with it.
type Unaligned struct {
	Example int // its number
	Err     error
}

// ExtractorTraining is what [TrainExtractor] returns.
type ExtractorTraining struct {
	Extractor *Extractor
	OutOfFold []JudgedObject // one per example, calibrated as the student is, empty for Hard ones; what certificates are made from
	Unaligned []Unaligned
	// Seconds is how long the student itself took to train, CrossFitSeconds the models of OutOfFold.
	Seconds, CrossFitSeconds float64
}

// TrainExtractor learns a student of objects. It fails on a schema that no student can learn, on an empty list, on an
// object outside the schema, naming the example, and when most values of a field do not occur in their texts: then the
// field is written, not copied. The error says what to do.
//
// The tagger is trained on what the classifiers say about texts that they have not seen, so that it learns how far to
// believe them.
func TrainExtractor(ctx context.Context, schema Schema, examples []ObjectExample, opt ExtractorOptions) (*ExtractorTraining, error) {
	t, err := newExtractTrainer(schema, examples, opt)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	heads, err := t.classifiers(ctx)
	if err != nil {
		return nil, err
	}
	middle := time.Now()
	outcomes, err := t.crossFit(ctx)
	if err != nil {
		return nil, err
	}
	fitting := time.Now()
	m, familiar, err := t.fit(ctx, t.all())
	if err != nil {
		return nil, err
	}
	t.progress("fit", 1, 1)
	c := fitConfidence(t.fair(outcomes), len(t.schema.Fields))
	judged := t.judge(&c, outcomes)
	e := newExtractor(t.card(judged), t.schema, t.heads, m, familiar, c)
	if err := t.findNovel(e, outcomes); err != nil {
		return nil, err
	}
	return &ExtractorTraining{
		Extractor: e, OutOfFold: judged, Unaligned: t.unaligned,
		Seconds:         heads + time.Since(fitting).Seconds(),
		CrossFitSeconds: fitting.Sub(middle).Seconds() + middle.Sub(start).Seconds() - heads,
	}, nil
}

// HashObjects returns "sha256:" and the hex digest of the examples in their order, as [HashExamples].
func HashObjects(examples []ObjectExample) string {
	plain := make([]Example, len(examples))
	for i, e := range examples {
		plain[i] = Example{Text: e.Text, Label: fmt.Sprintf("%s %v", e.Object, e.Spans), Weight: e.Weight, Hard: e.Hard}
	}
	return HashExamples(plain)
}

// extractTrainer is a training under way.
type extractTrainer struct {
	schema    Schema
	examples  []ObjectExample
	opt       ExtractorOptions
	entries   [][]entry // of each example
	want      [][]byte
	tags      *tagSample
	unaligned []Unaligned

	heads   []head
	answers [][]Prediction // of each example: those of the heads, out of fold
	judged  []JudgedObject
}

func newExtractTrainer(schema Schema, examples []ObjectExample, opt ExtractorOptions) (*extractTrainer, error) {
	if err := schema.Check(); err != nil {
		return nil, fmt.Errorf("train an extractor: %w", err)
	}
	switch {
	case len(examples) == 0:
		return nil, fmt.Errorf("train an extractor: no examples; give at least one text with its object")
	case !slices.ContainsFunc(examples, func(e ObjectExample) bool { return !e.Hard }):
		return nil, fmt.Errorf("train an extractor: all %d examples are marked hard, so none can calibrate it; add a random sample of the traffic", len(examples))
	case opt.Folds == 0:
		opt.Folds = 5
	case opt.Folds < 2:
		return nil, fmt.Errorf("train an extractor: %d folds; want at least 2, or 0 for the default", opt.Folds)
	}
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	schema.Fields = slices.Clone(schema.Fields)
	t := &extractTrainer{schema: schema, examples: examples, opt: opt, tags: &tagSample{fields: schema.inText()}}
	missed := make([]int, len(schema.Fields))
	for i := range examples {
		if err := t.add(i, missed); err != nil {
			return nil, fmt.Errorf("train an extractor: example %d: %w", i, err)
		}
	}
	t.learnDayFirst()
	return t, t.checkMissed(missed)
}

// add reads example i and counts fields whose value is not found.
func (t *extractTrainer) add(i int, missed []int) error {
	x := &t.examples[i]
	entries, err := t.schema.read(x.Object)
	if err != nil {
		return err
	}
	weight := x.Weight
	if weight == 0 {
		weight = 1
	}
	if !(weight > 0 && weight <= 1e6) {
		return fmt.Errorf("weight: %v; want a number above 0 and at most 1e6", x.Weight)
	}
	located := t.schema.locate(x.Text, entries, x.Spans)
	if located != nil {
		t.unaligned = append(t.unaligned, Unaligned{i, fmt.Errorf("example %d: %w", i, located)})
		for f := range entries {
			if t.schema.Fields[f].lost(&entries[f]) {
				missed[f]++
			}
		}
	}
	var spans []Span
	for f := range entries {
		spans = append(spans, entries[f].spans...)
	}
	s := t.tags
	s.texts, s.spans, s.usable = append(s.texts, x.Text), append(s.spans, spans), append(s.usable, located == nil)
	s.weight = append(s.weight, float32(weight))
	t.entries = append(t.entries, entries)
	t.want = append(t.want, t.schema.appendObject(nil, entries))
	return nil
}

// lost reports whether the text does not have all values of a field.
func (f *Field) lost(e *entry) bool { return f.inText() && len(e.spans) < e.inText() }

// checkMissed refuses fields that most texts do not have.
func (t *extractTrainer) checkMissed(missed []int) error {
	for f, n := range missed {
		has := 0
		for _, entries := range t.entries {
			if entries[f].has {
				has++
			}
		}
		if 2*n <= has {
			continue
		}
		first := t.unaligned[0].Err
		return &SchemaError{t.schema.pointer(&t.schema.Fields[f]),
			fmt.Sprintf("%d of %d values do not occur in their texts (%v)", n, has, first),
			"a student copies values and does not write them: " + t.listed(f) + ", leave it out, or leave the task to its teacher or a generative student"}
	}
	return nil
}

// fewValues is how many values are few enough to be listed.
const fewValues = 12

// listed says how a field becomes one whose values are chosen: it names them where they are few.
func (t *extractTrainer) listed(f int) string {
	field := &t.schema.Fields[f]
	values := map[string]bool{}
	for _, entries := range t.entries {
		for k := range entries[f].inText() {
			values[string(field.appendItem(nil, &entries[f], k))] = true
		}
	}
	if len(values) > fewValues {
		return "give the field an enum"
	}
	return fmt.Sprintf(`give the field an enum, "enum": [%s]`, strings.Join(slices.Sorted(maps.Keys(values)), ", "))
}

// learnDayFirst looks at which order of day and month the examples read dates in.
func (t *extractTrainer) learnDayFirst() {
	for f := range t.schema.Fields {
		if k := t.schema.Fields[f].Kind; k != KindDate && k != KindDates {
			continue
		}
		day, month := 0, 0
		for i, entries := range t.entries {
			if len(entries[f].spans) != len(entries[f].dates) {
				continue
			}
			for k, s := range entries[f].spans {
				words := t.examples[i].Text[s.Start:s.End]
				if isDay(words, value.DayFirst, entries[f].dates[k]) {
					day++
				}
				if isDay(words, value.MonthFirst, entries[f].dates[k]) {
					month++
				}
			}
		}
		t.schema.Fields[f].DayFirst = day > month
	}
}

func (t *extractTrainer) progress(stage string, done, total int) {
	if t.opt.Progress != nil {
		t.opt.Progress(stage, done, total)
	}
}

func (t *extractTrainer) all() []int {
	all := make([]int, len(t.examples))
	for i := range all {
		all[i] = i
	}
	return all
}

// fit trains a tagger, where one is needed, and lists the words and pairs of words that are familiar.
func (t *extractTrainer) fit(ctx context.Context, numbers []int) (*tagger, text.Dictionary, error) {
	var counter text.Counter
	var tagging text.Tagging
	var hashes []uint64
	for _, i := range numbers {
		tagging.Scan(&noLexicon, t.examples[i].Text, nil)
		hashes = hashes[:0]
		for k := range tagging.Tokens {
			word, pair := tagging.Familiar(k)
			hashes = append(hashes, word, pair)
		}
		counter.AddHashes(hashes)
	}
	least := 1
	if len(numbers) >= fewExamples {
		least = 2
	}
	familiar := text.NewDictionary(counter.Common(least))
	if len(t.tags.fields) == 0 {
		return nil, familiar, nil
	}
	m, err := fitTagger(ctx, t.tags, numbers, t.recipe())
	if err != nil {
		return nil, familiar, fmt.Errorf("train an extractor: %w", err)
	}
	return m, familiar, nil
}

func (t *extractTrainer) recipe() tagRecipe {
	return newTagRecipe(t.opt.Seed, len(t.examples), tagLabels(len(t.tags.fields)))
}

// crossFit answers every example that is not hard by a model trained without its fold. The models' own answers are kept
// in t.judged.
func (t *extractTrainer) crossFit(ctx context.Context) ([]outcome, error) {
	s := &sample{texts: t.tags.texts, class: make([]int32, len(t.examples)), hard: make([]bool, len(t.examples))}
	for i, gate := range t.tags.gate {
		s.class[i] = int32(gate)
	}
	for i := range t.examples {
		s.hard[i] = t.examples[i].Hard
	}
	fold, folds := assignFolds(s, t.opt.Folds, t.opt.Seed)
	outcomes := make([]outcome, len(t.examples))
	t.judged = make([]JudgedObject, len(t.examples))
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(t.opt.Workers, 4))
	for f := range folds {
		group.Go(func() error {
			err := t.answerFold(ctx, fold, f, folds > 1, outcomes)
			t.progress("cross-fit", int(done.Add(1)), folds)
			return err
		})
	}
	return outcomes, group.Wait()
}

// answerFold fills the outcomes of fold f. With a single text there is nothing to learn from, and nothing is certain.
func (t *extractTrainer) answerFold(ctx context.Context, fold []int, f int, others bool, outcomes []outcome) error {
	var rest []int
	for i := range fold {
		if others && fold[i] != f {
			rest = append(rest, i)
		}
	}
	m, familiar, err := t.fit(ctx, rest)
	if err != nil {
		return err
	}
	e := newExtractor(Card{}, t.schema, t.heads, m, familiar, confidence{})
	var s extractorScratch
	for i := range fold {
		if fold[i] != f || t.examples[i].Hard {
			continue
		}
		s.answers = append(s.answers[:0], t.answers[i]...)
		j := &t.judged[i]
		e.extract(&j.Extraction, &s, t.examples[i].Text)
		t.compare(i, &s)
		outcomes[i] = outcome{evidence: s.evidence.clone(), whole: j.Agree, fields: j.FieldAgrees}
	}
	return nil
}

// compare says where the answer to example i agrees with the teacher's.
func (t *extractTrainer) compare(i int, s *extractorScratch) {
	j := &t.judged[i]
	j.Want = t.want[i]
	j.Agree = bytes.Equal(j.Object, j.Want)
	for f := range t.schema.Fields {
		field, got, want := &t.schema.Fields[f], &s.entries[f], &t.entries[i][f]
		same := got.has == want.has && (!got.has || bytes.Equal(field.appendValue(nil, got), field.appendValue(nil, want)))
		j.FieldAgrees = append(j.FieldAgrees, same)
	}
}

// fair returns the outcomes of the examples that are not hard.
func (t *extractTrainer) fair(outcomes []outcome) []outcome {
	var fair []outcome
	for i := range outcomes {
		if !t.examples[i].Hard {
			fair = append(fair, outcomes[i])
		}
	}
	return fair
}

// judge gives the answers out of fold their calibrated scores.
func (t *extractTrainer) judge(c *confidence, outcomes []outcome) []JudgedObject {
	for i := range outcomes {
		if t.examples[i].Hard {
			continue
		}
		j, e := &t.judged[i], &outcomes[i].evidence
		j.Score, j.Novelty = c.object(e), c.novelty(e.novelty)
		for f := range t.schema.Fields {
			j.Extraction.Fields = append(j.Extraction.Fields, c.field(f, e))
		}
	}
	return t.judged
}

// findNovel fits what is novel to the strangeness of the texts to models that had not seen them.
func (t *extractTrainer) findNovel(e *Extractor, outcomes []outcome) error {
	var texts []string
	var known []float64
	for i := range outcomes {
		if !t.examples[i].Hard {
			texts, known = append(texts, t.examples[i].Text), append(known, -outcomes[i].evidence.novelty)
		}
	}
	found, err := t.opt.Outside.fit(texts, known, e.familiarity)
	if err != nil {
		return err
	}
	e.card.Novelty = found
	for i := range t.judged {
		t.judged[i].Novel = !t.examples[i].Hard && found.finds(-outcomes[i].evidence.novelty)
	}
	return nil
}

func (t *extractTrainer) card(judged []JudgedObject) Card {
	card := Card{
		Format: FormatVersion, Task: t.opt.Task, Schema: &t.schema, Examples: len(t.examples), DataHash: HashObjects(t.examples),
		Metrics: map[string]float64{}, Training: TrainingConfig{Seed: t.opt.Seed, Effort: t.opt.Effort, Folds: t.opt.Folds, Settings: map[string]float64{}},
	}
	if card.Training.Effort == "" {
		card.Training.Effort = Standard
	}
	if len(t.tags.fields) > 0 {
		t.recipe().settings(card.Training.Settings)
	}
	n := 0.0
	for i := range t.examples {
		if !t.examples[i].Hard {
			n++
		}
	}
	for i := range judged {
		if judged[i].Agree {
			card.Metrics["cross_fit_object_accuracy"] += 1 / n
		}
		for f, same := range judged[i].FieldAgrees {
			if same {
				card.Metrics["cross_fit_field_accuracy_"+t.schema.Fields[f].Name] += 1 / n
			}
		}
	}
	return card
}
