// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"retort/internal/shareddata"
)

// exact trains on some examples and returns the share of others that is answered exactly.
func exact(t *testing.T, schema string, train, test []ObjectExample) float64 {
	t.Helper()
	s := parsed(t, schema)
	training, err := TrainExtractor(context.Background(), *s, train, ExtractorOptions{Folds: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for _, e := range test {
		want, err := s.Canonical(e.Text, e.Object)
		if err != nil {
			t.Fatal(err)
		}
		if said, _ := training.Extractor.Answer(e.Text); said == string(want) {
			right++
		}
	}
	share := float64(right) / float64(len(test))
	t.Logf("%d of %d answers are right (%.3f), %d of %d examples have a value that is not found in their text", right, len(test), share, len(training.Unaligned), len(train))
	return share
}

// SNIPS spells ratings and sizes of parties in digits and in words; here they are numbers in inner objects. Gold numbers are
// read by a list of their own.
func TestNumbersOfSNIPS(t *testing.T) {
	small := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	var train, test []ObjectExample
	shareddata.Objects(t, "snips_nlu/snips.jsonl.gz", func(s *struct {
		Split, Intent, Text string
		Slots               []struct{ Name, Value string }
	}) {
		if s.Intent != "RateBook" && s.Intent != "BookRestaurant" {
			return
		}
		rating, object := map[string]int{}, map[string]any{}
		for _, slot := range s.Slots {
			word := strings.ToLower(strings.TrimSpace(slot.Value))
			n, err := strconv.Atoi(word)
			if err != nil {
				n = slices.Index(small, word)
			}
			switch slot.Name {
			case "rating_value", "best_rating":
				rating[slot.Name] = n
			case "party_size_number":
				object["party"] = n
			}
		}
		if len(rating) > 0 {
			object["rating"] = rating
		}
		raw, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if e := (ObjectExample{Text: s.Text, Object: raw}); s.Split == "train" {
			train = append(train, e)
		} else {
			test = append(test, e)
		}
	})
	const schema = `{"type":"object","properties":{"party":{"type":"integer"},"rating":{"type":"object","properties":{"rating_value":{"type":"integer"},"best_rating":{"type":"integer"}}}}}`
	half := train[:0:0] // both intents, which stand one behind the other
	for i := 0; i < len(train); i += 2 {
		half = append(half, train[i])
	}
	if share := exact(t, schema, half, test); share < 0.95 {
		t.Errorf("%.3f of the objects are right, want 0.95", share)
	}
}

// Questions of WikiSQL name days in three forms. Gold dates are read by the time package from the values of the queries.
func TestDatesOfWikiSQL(t *testing.T) {
	day := func(s string) (string, bool) {
		s = strings.ReplaceAll(s, ",", "") // the case of months does not matter
		for _, layout := range []string{"January 2 2006", "2 January 2006", "2006-01-02"} {
			if d, err := time.Parse(layout, s); err == nil {
				return d.Format("2006-01-02"), true
			}
		}
		return "", false
	}
	year := regexp.MustCompile(`\d{4}`)
	var train, test []ObjectExample
	others := 0
	shareddata.Objects(t, "wikisql/wikisql_sample.jsonl.gz", func(q *struct {
		Split, Question string
		Variables       map[string]string
	}) {
		var days []string
		for _, v := range q.Variables {
			if d, ok := day(v); ok {
				days = append(days, d)
			}
		}
		object := []byte("null")
		switch {
		case len(days) == 1:
			object = fmt.Appendf(nil, "%q", days[0])
		case len(days) > 1 || year.MatchString(q.Question) && others%3 != 0:
			return
		default:
			if others++; others%20 != 0 {
				return
			}
		}
		if e := (ObjectExample{Text: q.Question, Object: object}); q.Split == "test" {
			test = append(test, e)
		} else {
			train = append(train, e)
		}
	})
	dates := 0
	for _, e := range test {
		if !bytes.Equal(e.Object, []byte("null")) {
			dates++
		}
	}
	t.Logf("%d examples to learn from, %d to judge, of which %d have a date", len(train), len(test), dates)
	if share := exact(t, `{"type":["string","null"],"format":"date"}`, train, test); share < 0.9 || dates < 100 {
		t.Errorf("%.3f of the answers are right, want 0.9", share)
	}
}
