// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/internal/sections"
)

func itoa(n int) string { return strconv.Itoa(n) }

// orders makes n examples of orderSchema.
func orders(n int) []ObjectExample {
	random := rand.New(rand.NewPCG(21, 22))
	pick := func(from string) string {
		words := strings.Split(from, ",")
		return words[random.IntN(len(words))]
	}
	numbers := []string{"two", "three", "4", "twelve", "25"}
	values := []int{2, 3, 4, 12, 25}
	out := make([]ObjectExample, n)
	for i := range out {
		object := map[string]any{"action": "order", "extras": []string{}, "item": nil}
		verb := pick("order,get me,i want,bring")
		if random.IntN(3) == 0 {
			verb, object["action"] = pick("cancel,drop,i no longer want,stop"), "cancel"
		}
		words := []string{verb}
		if random.IntN(2) == 0 {
			k := random.IntN(len(numbers))
			words = append(words, numbers[k])
			object["amount"] = values[k]
		}
		if random.IntN(4) > 0 {
			item := pick("large,small,hot,fresh") + " " + pick("pizza,coffee,noodles,soup,New York roll,bread")
			words = append(words, item)
			object["item"] = item
		} else {
			words = append(words, "something")
		}
		if extra := pick("cheese,olives,,"); extra != "" {
			words = append(words, "with", extra)
			object["extras"] = []string{extra}
		}
		if random.IntN(2) == 0 {
			a, b := pick("Anna,Bob,Chloé,dora"), pick("Emil,Frida,Gus")
			words = append(words, "for", a)
			names := []string{a}
			if random.IntN(2) == 0 {
				words, names = append(words, "and", b), append(names, b)
			}
			object["names"] = names
		}
		if random.IntN(3) == 0 {
			day := 1 + random.IntN(28)
			words = append(words, "on", fmt.Sprintf("%d/4/2025", day))
			object["day"] = fmt.Sprintf("2025-04-%02d", day)
		}
		if random.IntN(4) == 0 {
			words = append(words, pick("quick please,right now,hurry"))
			object["urgent"] = true
		}
		raw, _ := json.Marshal(object)
		out[i] = ObjectExample{Text: strings.Join(words, " "), Object: raw}
	}
	return out
}

func trainOrders(t testing.TB, examples []ObjectExample, opt ExtractorOptions) *ExtractorTraining {
	t.Helper()
	if opt.Folds == 0 {
		opt.Folds = 2
	}
	training, err := TrainExtractor(context.Background(), *parsed(t, orderSchema), examples, opt)
	if err != nil {
		t.Fatal(err)
	}
	return training
}

func encodeExtractor(t testing.TB, e *Extractor) []byte {
	t.Helper()
	file, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTrainExtractorLearns(t *testing.T) {
	all := orders(700)
	training := trainOrders(t, all[:500], ExtractorOptions{Task: "orders", Folds: 3})
	schema := training.Extractor.Schema()
	right, believed := 0, 0.0
	var x Extraction
	for _, e := range all[500:] {
		training.Extractor.Extract(&x, e.Text)
		want, err := schema.Canonical(e.Text, e.Object)
		if err != nil {
			t.Fatal(err)
		}
		if believed += x.Score; bytes.Equal(want, x.Object) {
			right++
		} else if right%20 == 0 {
			t.Logf("%q:\n got %s\nwant %s (score %.2f)", e.Text, x.Object, want, x.Score)
		}
		if len(x.Fields) != len(schema.Fields) || x.Novelty < 0 || x.Novelty > 1 {
			t.Fatalf("%q: fields %v, novelty %v", e.Text, x.Fields, x.Novelty)
		}
		for _, s := range x.Spans {
			if schema.Fields[s.Field].Kind == KindSpan && !strings.Contains(string(x.Object), e.Text[s.Start:s.End]) {
				t.Errorf("%q: span %+v is not in %s", e.Text, s, x.Object)
			}
		}
	}
	accuracy, believed := float64(right)/200, believed/200
	if accuracy < 0.9 || math.Abs(accuracy-believed) > 0.08 {
		t.Errorf("accuracy %.3f, mean score %.3f", accuracy, believed)
	}
	agreed := 0
	for i, j := range training.OutOfFold {
		if want, _ := schema.Canonical(all[i].Text, all[i].Object); !bytes.Equal(want, j.Want) || j.Agree != bytes.Equal(j.Object, j.Want) || len(j.FieldAgrees) != len(schema.Fields) {
			t.Fatalf("judged %+v", j)
		}
		if j.Agree {
			agreed++
		}
	}
	card := training.Extractor.Card()
	if got := card.Metrics["cross_fit_object_accuracy"]; math.Abs(got-float64(agreed)/500) > 1e-9 || got < 0.85 {
		t.Errorf("the card says %.3f of the objects agree out of fold, %d of 500 do", got, agreed)
	}
	if card.Task != "orders" || card.Examples != 500 || card.Schema == nil || card.DataHash != HashObjects(all[:500]) || !card.Schema.Fields[7].DayFirst {
		t.Errorf("card does not describe the training: %+v", card)
	}
	training.Extractor.Extract(&x, "zylophonic quasars perambulate beneath turquoise archipelagos")
	if x.Novelty < 0.99 {
		t.Errorf("a strange text has novelty %.3f", x.Novelty)
	}
}

func TestTrainExtractorIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	var first []byte
	for _, workers := range []int{1, 3} {
		training := trainOrders(t, orders(80), ExtractorOptions{Workers: workers, Seed: 7})
		file := encodeExtractor(t, training.Extractor)
		if first == nil {
			first = file
		}
		if !bytes.Equal(first, file) {
			t.Errorf("the file of %d workers differs from that of 1", workers)
		}
	}
	if bytes.Equal(first, encodeExtractor(t, trainOrders(t, orders(80), ExtractorOptions{Seed: 8}).Extractor)) {
		t.Error("another seed gave the same file")
	}
}

func TestExtractorRoundTrip(t *testing.T) {
	examples := orders(120)
	e := trainOrders(t, examples, ExtractorOptions{Task: "orders"}).Extractor
	card := e.Card()
	card.Teachers = []string{"recording"}
	e = e.WithCard(card)
	path := filepath.Join(t.TempDir(), "orders.student")
	if _, err := e.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	opened, err := OpenExtractor(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.Card(), opened.Card()); diff != "" {
		t.Errorf("card (-written +read):\n%s", diff)
	}
	var a, b Extraction
	for _, example := range append(examples, ObjectExample{}) {
		e.Extract(&a, example.Text)
		opened.Extract(&b, example.Text)
		if diff := cmp.Diff(a, b, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q (-before +after):\n%s", example.Text, diff)
		}
	}
	if !bytes.Equal(encodeExtractor(t, e), encodeExtractor(t, opened)) {
		t.Error("encoding what was read gives other bytes")
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "OpenExtractor") {
		t.Errorf("opening it as another student: %v", err)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
	label := encode(t, train(t, desk(30), Options{Folds: 2}).Student)
	if _, err := DecodeExtractor(label); err == nil || !strings.Contains(err.Error(), "open it with Open") {
		t.Errorf("decoding another student: %v", err)
	}
}

// odd are texts that nobody trains on.
var odd = []string{"", " \n\t ", "x", "\xff\xfe order \xc3", "a\x00b", "東京 タワー", "order 9999999999999999999999 pizza on 99/99/9999",
	strings.Repeat("order two large pizza for Anna and Bob ", 2000), strings.Repeat("x", 1<<20), "\"quotes\" \\ and \u2028"}

// TestAnswersKeepToTheSchema has the student answer anything, with all fields required and with few examples.
func TestAnswersKeepToTheSchema(t *testing.T) {
	schema := *parsed(t, orderSchema)
	strict := *parsed(t, orderSchema)
	for i := range strict.Fields {
		strict.Fields[i].Required, strict.Fields[i].Nullable = true, false
	}
	full := ObjectExample{Text: "order 3 hot soup with olives for Bob, 2.50 each, on 2025-01-02",
		Object: []byte(`{"action":"order","urgent":false,"extras":["olives"],"item":"hot soup","names":["Bob"],"amount":3,"price":2.5,"day":"2025-01-02"}`)}
	other := ObjectExample{Text: "cancel 12 bread for Gus, 1 each, on 2024-01-02",
		Object: []byte(`{"action":"cancel","urgent":false,"extras":[],"item":"bread","names":["Gus"],"amount":12,"price":1,"day":"2024-01-02"}`)}
	for name, c := range map[string]struct {
		schema   Schema
		examples []ObjectExample
	}{
		"many":       {schema, orders(100)},
		"one":        {schema, orders(1)},
		"two":        {schema, orders(2)},
		"all wanted": {strict, []ObjectExample{full, other, full, other, full}},
	} {
		t.Run(name, func(t *testing.T) {
			training, err := TrainExtractor(context.Background(), c.schema, c.examples, ExtractorOptions{Folds: 2})
			if err != nil {
				t.Fatal(err)
			}
			var x Extraction
			for _, text := range append(odd, orders(40)[39].Text) {
				training.Extractor.Extract(&x, text)
				if !json.Valid(x.Object) || !(x.Score >= 0 && x.Score <= 1) || !(x.Novelty >= 0 && x.Novelty <= 1) {
					t.Errorf("%.40q: %s, score %v, novelty %v", text, x.Object, x.Score, x.Novelty)
				}
				if again, err := c.schema.Canonical(text, x.Object); (err != nil || !bytes.Equal(again, x.Object)) && x.Score > 0 {
					t.Errorf("%.40q: %s is %s, %v", text, x.Object, again, err)
				}
			}
			if text := odd[0]; name == "all wanted" {
				if training.Extractor.Extract(&x, text); x.Score != 0 {
					t.Errorf("an empty text has no item, but the answer %s has score %v", x.Object, x.Score)
				}
			}
		})
	}
}

func TestExtractorsOfOneKindOfField(t *testing.T) {
	only := func(f Field) Schema { return Schema{Fields: []Field{f}} }
	for name, c := range map[string]struct {
		schema  Schema
		objects [2]string
	}{
		"enum":  {only(Field{Name: "f", Kind: KindEnum, Values: []string{"a", "b"}}), [2]string{`{"f":"a"}`, `{}`}},
		"enums": {only(Field{Name: "f", Kind: KindEnums, Values: []string{"a", "b"}}), [2]string{`{"f":["a","b"]}`, `{}`}},
		"span":  {only(Field{Name: "f", Kind: KindSpan}), [2]string{`{"f":"red fox"}`, `{}`}},
	} {
		t.Run(name, func(t *testing.T) {
			var examples []ObjectExample
			for i := range 40 {
				examples = append(examples, ObjectExample{Text: []string{"the red fox jumps", "a dog sleeps at noon"}[i%2], Object: []byte(c.objects[i%2])})
			}
			training, err := TrainExtractor(context.Background(), c.schema, examples, ExtractorOptions{})
			if err != nil {
				t.Fatal(err)
			}
			e, err := DecodeExtractor(encodeExtractor(t, training.Extractor))
			if err != nil {
				t.Fatal(err)
			}
			var x Extraction
			for i, want := range c.objects {
				if e.Extract(&x, examples[i].Text); string(x.Object) != want {
					t.Errorf("got %s, want %s", x.Object, want)
				}
			}
		})
	}
}

func TestTrainExtractorRefuses(t *testing.T) {
	good := orders(10)
	object := func(text, object string) []ObjectExample {
		return append(good[:9:9], ObjectExample{Text: text, Object: []byte(object)})
	}
	var written []ObjectExample
	for i := range 10 {
		written = append(written, ObjectExample{Text: "some text", Object: fmt.Appendf(nil, `{"action":"order","extras":[],"item":"summary %d"}`, i)})
	}
	heavy := append(good[:9:9], good[9])
	heavy[9].Weight = math.NaN()
	for name, c := range map[string]struct {
		examples []ObjectExample
		opt      ExtractorOptions
		want     string
	}{
		"nothing":            {nil, ExtractorOptions{}, "no examples"},
		"outside the schema": {object("x", `{"action":"sell","extras":[]}`), ExtractorOptions{}, `example 9: read object: field "action"`},
		"what is not copied": {written, ExtractorOptions{}, "/properties/item: 10 of 10 values do not occur in their texts"},
		"one fold":           {good, ExtractorOptions{Folds: 1}, "1 folds"},
		"another effort":     {good, ExtractorOptions{Effort: "huge"}, `effort "huge"`},
		"no weight":          {heavy, ExtractorOptions{}, "example 9: weight: NaN"},
	} {
		_, err := TrainExtractor(context.Background(), *parsed(t, orderSchema), c.examples, c.opt)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := TrainExtractor(stopped, *parsed(t, orderSchema), good, ExtractorOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestValuesThatTheTextLacks(t *testing.T) {
	examples := append(orders(30), ObjectExample{Text: "order something", Object: []byte(`{"action":"order","extras":[],"item":"ambrosia"}`)})
	training := trainOrders(t, examples, ExtractorOptions{})
	if len(training.Unaligned) != 1 || training.Unaligned[0].Example != 30 || !strings.Contains(training.Unaligned[0].Err.Error(), `"ambrosia"`) {
		t.Errorf("unaligned: %+v", training.Unaligned)
	}
	if training.OutOfFold[30].Agree {
		t.Error("a student agreed with what it cannot say")
	}
}

func TestExtractDoesNotAllocate(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	schema := Schema{Fields: []Field{{Name: "f", Kind: KindSpans}, {Name: "g", Kind: KindEnum, Values: []string{"a", "b"}}}}
	var examples []ObjectExample
	for i := range 60 {
		examples = append(examples, ObjectExample{Text: []string{"the red fox jumps", "a dog sleeps at noon"}[i%2], Object: []byte([]string{`{"f":["red fox"],"g":"a"}`, `{"g":"b"}`}[i%2])})
	}
	training, err := TrainExtractor(context.Background(), schema, examples, ExtractorOptions{Folds: 2})
	if err != nil {
		t.Fatal(err)
	}
	var x Extraction
	if n := testing.AllocsPerRun(200, func() { training.Extractor.Extract(&x, "the red fox jumps at noon") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestExtractorConcurrently(t *testing.T) {
	examples := orders(60)
	e := trainOrders(t, examples, ExtractorOptions{}).Extractor
	want := make([]Extraction, len(examples))
	for i := range examples {
		e.Extract(&want[i], examples[i].Text)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var x Extraction
			for i := range examples {
				if e.Extract(&x, examples[i].Text); !cmp.Equal(x, want[i], cmpopts.EquateEmpty()) {
					t.Errorf("%q: got %s", examples[i].Text, x.Object)
				}
			}
		})
	}
	group.Wait()
}

// FuzzDecodeExtractor is what FuzzDecode is for students of labels.
func FuzzDecodeExtractor(f *testing.F) {
	schema := Schema{Fields: []Field{{Name: "g", Kind: KindEnum, Values: []string{"a", "b"}}, {Name: "f", Kind: KindSpan, Required: true}, {Name: "n", Kind: KindNumber}}}
	var examples []ObjectExample
	for i := range 8 {
		examples = append(examples, ObjectExample{Text: []string{"the red fox jumps 3 times", "a dog sleeps"}[i%2], Object: []byte([]string{`{"f":"red fox","g":"a","n":3}`, `{"f":"dog","g":"b"}`}[i%2])})
	}
	training, err := TrainExtractor(context.Background(), schema, examples, ExtractorOptions{Folds: 2})
	if err != nil {
		f.Fatal(err)
	}
	base := encodeExtractor(f, training.Extractor)
	table := uint32(sections.HeaderBytes)
	f.Add([]byte{}, uint32(0))
	for i := range uint32(24) {
		f.Add(append(binary.LittleEndian.AppendUint32(nil, table+sections.EntryBytes*i+16), 255), 64*i)
	}
	f.Fuzz(func(t *testing.T, changes []byte, cut uint32) {
		file := append([]byte(nil), base...)
		file = file[:len(file)-int(cut)%len(file)]
		for ; len(changes) >= 5; changes = changes[5:] {
			file[int(binary.LittleEndian.Uint32(changes))%len(file)] += changes[4]
		}
		for _, candidate := range [][]byte{file, seal(file)} {
			e, err := DecodeExtractor(candidate)
			if err != nil {
				continue
			}
			var x Extraction
			for _, text := range []string{"the red fox sleeps 3 times", "", "\xff dog"} {
				e.Extract(&x, text)
			}
		}
	})
}
