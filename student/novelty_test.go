// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// topics are texts of four labels whose words overlap little, and texts that are none of them.
func topics(n int, seed uint64) (examples []Example, strays []string) {
	r := rand.New(rand.NewPCG(seed, 3))
	words := map[string][]string{
		"card":   strings.Fields("card debit visa lost stolen replace expired chip pin block"),
		"loan":   strings.Fields("loan mortgage rate interest borrow repay term lender house fixed"),
		"travel": strings.Fields("flight hotel airport luggage passport visit trip abroad ticket seat"),
		"food":   strings.Fields("pizza restaurant table dinner recipe cook vegan menu chef dessert"),
	}
	other := strings.Fields("galaxy planet violin orchestra goalkeeper penalty glacier volcano parliament senate quantum enzyme")
	draw := func(from []string) string {
		var out []string
		for range 6 {
			out = append(out, from[r.IntN(len(from))])
		}
		return "please tell me about " + strings.Join(out, " ")
	}
	labels := []string{"card", "food", "loan", "travel"}
	for i := range n {
		label := labels[i%len(labels)]
		examples = append(examples, Example{Text: draw(words[label]), Label: label})
		strays = append(strays, draw(other))
	}
	return examples, strays
}

func TestNoveltyFindsWhatIsNoneOfTheTask(t *testing.T) {
	examples, strays := topics(400, 1)
	fresh, others := topics(400, 2)
	for name, outside := range map[string]Outside{"alone": {FalseAlarms: 0.05}, "labelled": {OutOfScope: strays[:50]}} {
		t.Run(name, func(t *testing.T) {
			training, err := Train(t.Context(), examples, Options{Seed: 1, Outside: outside})
			if err != nil {
				t.Fatal(err)
			}
			s := training.Student
			alarms, found := 0, 0
			for i := range fresh {
				if s.Predict(fresh[i].Text).Novel {
					alarms++
				}
				p := s.Predict(others[i])
				if _, score, novel := s.Notice(others[i]); novel != p.Novel || novel && score != 0 || !novel && score != p.Score {
					t.Fatalf("%q is noticed as %v, %v; predicted %+v", others[i], score, novel, p)
				}
				if p.Novel {
					found++
				}
			}
			if alarms > 48 || found < 360 {
				t.Errorf("%d of 400 texts of the task and %d of 400 others are novel (%v); want at most 48 and at least 360", alarms, found, s.Card().Novelty)
			}
			if n := s.Card().Novelty; n.OutOfScope != len(outside.OutOfScope) || n.FalseAlarms > 0.2 {
				t.Errorf("the card has %+v", n)
			}
			again, err := Decode(encoded(t, s.WithCard(Card{})))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := again.Predict(others[0]), s.Predict(others[0]); got != want {
				t.Errorf("read back it says %+v, before %+v", got, want)
			}
		})
	}
}

func encoded(t *testing.T, s *Student) []byte {
	t.Helper()
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestNoveltyRaisesAsManyFalseAlarmsAsStated counts them on texts that no model has seen, over many seeds.
func TestNoveltyRaisesAsManyFalseAlarmsAsStated(t *testing.T) {
	const runs, wanted = 40, 0.1
	sum := 0.0
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 9))
		known, texts := make([]float64, 200), make([]string, 200)
		for i := range known {
			known[i], texts[i] = 5+r.NormFloat64(), fmt.Sprint(i)
		}
		o := Outside{FalseAlarms: wanted}
		n, err := o.fit(texts, known, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n.FalseAlarms > wanted || !n.Acts {
			t.Errorf("seed %d: %v of the texts that the limit was set on are novel (%v), want at most %v", seed, n.FalseAlarms, n, wanted)
		}
		for range 500 {
			if n.finds(5 + r.NormFloat64()) {
				sum += 1.0 / 500 / runs
			}
		}
	}
	if sum < 0.085 || sum > 0.115 {
		t.Errorf("%.4f of fresh texts are novel, want about %v", sum, wanted)
	}
}

func TestNoveltyRefusesWhatItCannotGoBy(t *testing.T) {
	examples, strays := topics(40, 1)
	for want, outside := range map[string]Outside{
		"false alarms: 0.7":                 {FalseAlarms: 0.7},
		"out of scope: 3 texts are too few": {OutOfScope: strays[:3]},
	} {
		if _, err := Train(t.Context(), examples, Options{Outside: outside}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that says %q", err, want)
		}
	}
	training, err := Train(t.Context(), examples, Options{Outside: Outside{Never: true}})
	if err != nil {
		t.Fatal(err)
	}
	if p := training.Student.Predict(strays[0]); p.Novel || training.Student.Card().Novelty != nil {
		t.Errorf("a student that takes nothing for novel says %+v", p)
	}
}

func TestExtractorsNoticeWhatIsNovel(t *testing.T) {
	examples, strays := topics(200, 1)
	schema, err := ParseSchema([]byte(`{"type":"object","properties":{"topic":{"enum":["card","food","loan","travel"]}},"required":["topic"]}`))
	if err != nil {
		t.Fatal(err)
	}
	objects := make([]ObjectExample, len(examples))
	for i, e := range examples {
		objects[i] = ObjectExample{Text: e.Text, Object: fmt.Appendf(nil, `{"topic":%q}`, e.Label)}
	}
	training, err := TrainExtractor(t.Context(), *schema, objects, ExtractorOptions{Seed: 1, Outside: Outside{FalseAlarms: 0.05}})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range strays {
		if _, score, novel := training.Extractor.Notice(s); novel && score == 0 {
			found++
		}
	}
	alarms := 0
	for i := range training.OutOfFold {
		if training.OutOfFold[i].Novel {
			alarms++
		}
	}
	if found < 180 || alarms > 10 {
		t.Errorf("%d of 200 strays and %d of 200 texts of the task are novel; want at least 180 and at most 10", found, alarms)
	}
}

// TestNoveltyActsOnlyWhereItIsAskedForAndSure trains students that answer what is unlike their examples, as novelty says.
func TestNoveltyActsOnlyWhereItIsAskedForAndSure(t *testing.T) {
	many, strays := topics(400, 1)
	var uniform []Example
	for i := range 300 {
		label := []string{"refund", "delivery"}[i%2]
		uniform = append(uniform, Example{Text: fmt.Sprintf("my %s of order %d", label, i), Label: label})
	}
	for name, c := range map[string]struct {
		examples []Example
		alarms   float64
		off      string
	}{
		"not asked for": {many, 0, ""},
		"few examples":  {many[:120], 0.05, "are too few to say what is unlike them; it takes at least 200"},
		"all alike":     {uniform, 0.05, "are about as familiar as the limit"},
	} {
		t.Run(name, func(t *testing.T) {
			training, err := Train(t.Context(), c.examples, Options{Seed: 1, Outside: Outside{FalseAlarms: c.alarms}})
			if err != nil {
				t.Fatal(err)
			}
			n := training.Student.Card().Novelty
			if n == nil || n.Acts || !strings.Contains(n.Off, c.off) || (n.Off == "") != (c.off == "") {
				t.Fatalf("the card has %+v, want %q", n, c.off)
			}
			for _, text := range strays[:50] {
				if _, score, _ := training.Student.Notice(text); score != training.Student.Predict(text).Score {
					t.Fatalf("%q: novelty changes the score to %v", text, score)
				}
			}
		})
	}
}
