// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// trips makes n examples whose objects hold lists of numbers and dates, values that are numbers, and objects inside objects.
func trips(t *testing.T, n int) (*Schema, []ObjectExample) {
	s := parsed(t, `{"type":"object","properties":{
		"stars":{"enum":[1,3,5]},
		"rooms":{"type":"array","items":{"type":"integer"}},
		"days":{"type":"array","items":{"type":"string","format":"date"}},
		"from":{"type":"object","properties":{"city":{"type":"string"}}},
		"to":{"type":"object","properties":{"city":{"type":["string","null"]},"hour":{"type":"integer"}},"required":["city"]}
	},"required":["stars","to"]}`)
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	cities := []string{"Rome", "Oslo", "New Delhi", "Lyon", "Graz"}
	numbers := map[string]int{"four": 4, "12": 12, "twenty-one": 21, "7": 7}
	var out []ObjectExample
	for range n {
		stars := map[string]int{"awful": 1, "decent": 3, "splendid": 5}
		mood := pick("awful", "decent", "splendid")
		words := []string{"it was", mood}
		object := map[string]any{"stars": stars[mood]}
		to := map[string]any{"city": nil}
		if random.IntN(2) == 0 {
			city := pick(cities...)
			words, object["from"] = append(words, "from", city), map[string]any{"city": city}
		}
		if random.IntN(3) > 0 {
			city := pick(cities...)
			words, to["city"] = append(words, "to", city), city
		}
		if random.IntN(3) == 0 {
			words, to["hour"] = append(words, "at 9 sharp"), 9
		}
		if k := random.IntN(3); k > 0 {
			var rooms []int
			words = append(words, "rooms")
			for i := range k {
				word := pick("four", "12", "twenty-one", "7")
				if i > 0 {
					words = append(words, "and")
				}
				words, rooms = append(words, word), append([]int{numbers[word]}, rooms...)
			}
			object["rooms"] = rooms
		}
		if k := random.IntN(3); k > 0 {
			var days []string
			words = append(words, "on")
			for i := range k {
				day := 1 + random.IntN(28)
				if i > 0 {
					words = append(words, "and")
				}
				words = append(words, fmt.Sprintf(pick("%d June 2024", "June %d, 2024", "%d/6/2024"), day))
				days = append(days, fmt.Sprintf("2024-06-%02d", day))
			}
			object["days"] = days
		}
		object["to"] = to
		raw, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ObjectExample{Text: strings.Join(words, " "), Object: raw})
	}
	return s, out
}

func TestListsOfNumbersDatesAndInnerObjectsAreLearned(t *testing.T) {
	s, all := trips(t, 700)
	training, err := TrainExtractor(context.Background(), *s, all[:500], ExtractorOptions{Folds: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(training.Unaligned) > 0 {
		t.Errorf("%d examples are not found in their texts, the first: %v", len(training.Unaligned), training.Unaligned[0].Err)
	}
	e, err := DecodeExtractor(encodeExtractor(t, training.Extractor))
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	var x Extraction
	for _, example := range all[500:] {
		want, err := s.Canonical(example.Text, example.Object)
		if err != nil {
			t.Fatal(err)
		}
		if e.Extract(&x, example.Text); bytes.Equal(x.Object, want) {
			right++
		} else if right%20 == 0 {
			t.Logf("%q:\n got %s\nwant %s", example.Text, x.Object, want)
		}
		if again, err := s.Canonical(example.Text, x.Object); err != nil || !bytes.Equal(again, x.Object) {
			t.Errorf("%s does not keep to the schema: %s, %v", x.Object, again, err)
		}
	}
	if right < 180 {
		t.Errorf("%d of 200 objects are right", right)
	}
}

func TestAnswersThatAreNoObjectsAreLearned(t *testing.T) {
	var moods, sums []ObjectExample
	for i := range 60 {
		n := 3 + i%20
		moods = append(moods, ObjectExample{Text: []string{"cheap and good", "good but late", "late"}[i%3], Object: []byte([]string{`["cheap","good"]`, `["late","good"]`, `["late"]`}[i%3])})
		sums = append(sums, ObjectExample{Text: fmt.Sprintf("order 77 has %d pieces", n), Object: fmt.Appendf(nil, "%d", n)})
	}
	for _, c := range []struct {
		schema   string
		examples []ObjectExample
		text     string
		want     string
	}{
		{`{"type":"array","items":{"type":"string","enum":["good","cheap","late"]}}`, moods, "good but late", `["good","late"]`},
		{`{"type":"integer"}`, sums, "order 77 has 41 pieces", "41"},
	} {
		training, err := TrainExtractor(context.Background(), *parsed(t, c.schema), c.examples, ExtractorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if said, _ := training.Extractor.Answer(c.text); said != c.want {
			t.Errorf("%q is answered with %s, want %s", c.text, said, c.want)
		}
		training.Extractor.Answer("") // any text has an answer
	}
}

// Numbers that their texts do not have are refused; where they are few, the error says how to have them chosen.
func TestNumbersThatAreNotWritten(t *testing.T) {
	var examples []ObjectExample
	for i := range 20 {
		examples = append(examples, ObjectExample{Text: []string{"it was awful", "it was splendid"}[i%2], Object: []byte([]string{`{"a":{"stars":1}}`, `{"a":{"stars":5}}`}[i%2])})
	}
	s := parsed(t, `{"type":"object","properties":{"a":{"type":"object","properties":{"stars":{"type":"integer"}}}}}`)
	_, err := TrainExtractor(context.Background(), *s, examples, ExtractorOptions{})
	const want = `/properties/a/properties/stars: 20 of 20 values do not occur in their texts (example 0: field "a.stars": the text has no words or digits that read as 1); ` +
		`a student copies values and does not write them: give the field an enum, "enum": [1, 5], leave it out`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
