// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kitchen makes records of two kinds of requests: code, which the dear model is far better at, and chat, where the cheap one
// is a little better.
func kitchen(n int, seed uint64) []Record {
	random := rand.New(rand.NewPCG(seed, 3))
	nouns := strings.Fields("parcel tea garden music train river bread window letter holiday winter dog")
	verbs := strings.Fields("compile refactor debug parse sort merge allocate lock benchmark index")
	var out []Record
	for i := range n {
		coding := i%2 == 0
		list, pattern, domain, odds := nouns, "Tell me about the %s and the %s, please, number %d.", "chat", [2]float64{0.8, 0.7}
		if coding {
			list, pattern, domain, odds = verbs, "func main() { %s(); %s() } // case %d", "code", [2]float64{0.2, 0.9}
		}
		text := fmt.Sprintf(pattern, list[random.IntN(len(list))], list[random.IntN(len(list))], random.IntN(1000))
		r := Record{Query: Query{Text: text, Turns: 1, Tokens: len(text) / 4}, Domain: domain, Outcomes: map[string]Outcome{}}
		for m, name := range []string{"cheap", "dear"} {
			quality := 0.0
			if random.Float64() < odds[m] {
				quality = 1
			}
			r.Outcomes[name] = Outcome{Quality: quality, Cost: float64(1+9*m) * float64(1+len(text)) / 1e5}
		}
		out = append(out, r)
	}
	return out
}

func trained(t testing.TB, records []Record, opt Options) *Training {
	t.Helper()
	training, err := Train(context.Background(), records, opt)
	if err != nil {
		t.Fatal(err)
	}
	return training
}

func TestRouterKnowsWhoIsBest(t *testing.T) {
	for _, named := range []bool{true, false} {
		records := kitchen(400, 1)
		if !named {
			for i := range records {
				records[i].Domain = ""
			}
		}
		training := trained(t, records, Options{})
		r := training.Router
		if diff := cmp.Diff([]string{"cheap", "dear"}, r.Models()); diff != "" {
			t.Fatal(diff)
		}
		code := r.Estimate(nil, &Query{Text: "func main() { parse(); lock() } // case 7", Turns: 1, Tokens: 10})
		chat := r.Estimate(nil, &Query{Text: "Tell me about the winter and the dog, please, number 12.", Turns: 1, Tokens: 14})
		for name, got := range map[string]struct{ is, want float64 }{
			"cheap on code": {code[0].Quality, 0.2}, "dear on code": {code[1].Quality, 0.9},
			"cheap on chat": {chat[0].Quality, 0.8}, "dear on chat": {chat[1].Quality, 0.7},
		} {
			if math.Abs(got.is-got.want) > 0.12 {
				t.Errorf("domains named: %v: quality of %s is %.3f, want about %.1f", named, name, got.is, got.want)
			}
		}
		if ratio := chat[1].Cost / chat[0].Cost; math.Abs(ratio-10) > 0.5 {
			t.Errorf("dear costs %.2f times cheap, want 10", ratio)
		}
		if chat[0].Cost <= code[0].Cost {
			t.Errorf("the longer request is expected to cost %v, the shorter %v", chat[0].Cost, code[0].Cost)
		}
	}
}

// TestEstimatesAreCalibrated compares what is expected of requests not seen with what came of them.
func TestEstimatesAreCalibrated(t *testing.T) {
	r := trained(t, kitchen(1000, 2), Options{}).Router
	test := kitchen(4000, 3)
	var expected, got [2][2]float64
	for i := range test {
		for m, e := range r.Estimate(nil, &test[i].Query) {
			expected[m][i%2] += e.Quality
			got[m][i%2] += test[i].Outcomes[r.Models()[m]].Quality
		}
	}
	for m := range expected {
		for kind := range expected[m] {
			if d := (expected[m][kind] - got[m][kind]) / 2000; math.Abs(d) > 0.04 {
				t.Errorf("%s on kind %d: expected quality is off by %.3f", r.Models()[m], kind, d)
			}
		}
	}
}

func TestOutOfFoldIsAsTheRouterOnNewRequests(t *testing.T) {
	records := kitchen(600, 4)
	training := trained(t, records, Options{})
	right := 0
	for i, row := range training.OutOfFold {
		if better := row[1].Quality > row[0].Quality; better == (records[i].Domain == "code") {
			right++
		}
	}
	if right < 590 {
		t.Errorf("held-out estimates order the models rightly on %d of 600", right)
	}
}

func TestTrainIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	records := kitchen(200, 5)
	var files [2][]byte
	for k, workers := range []int{1, 5} {
		file, err := trained(t, records, Options{Workers: workers, Seed: 9}).Router.Encode()
		if err != nil {
			t.Fatal(err)
		}
		files[k] = file
	}
	if string(files[0]) != string(files[1]) {
		t.Error("the routers differ")
	}
}

func TestModelsWithFewOutcomes(t *testing.T) {
	records := kitchen(300, 6)
	for i := range records {
		if i%3 != 0 {
			delete(records[i].Outcomes, "dear")
		}
	}
	training := trained(t, records, Options{Models: []string{"dear", "new", "cheap"}})
	if diff := cmp.Diff([]string{"new"}, training.Unknown); diff != "" {
		t.Errorf("unknown models (-want +got):\n%s", diff)
	}
	for i := range records {
		e := training.Router.Estimate(nil, &records[i].Query)
		if e[1].Quality < min(e[0].Quality, e[2].Quality)-0.05 || e[1].Quality > max(e[0].Quality, e[2].Quality)+0.05 {
			t.Fatalf("a new model is expected to give %.3f, the others %.3f and %.3f", e[1].Quality, e[0].Quality, e[2].Quality)
		}
	}
}

// TestHardRequestsDoNotMakeAModelLookBad asks one model the hard requests only.
func TestHardRequestsDoNotMakeAModelLookBad(t *testing.T) {
	nan := math.NaN()
	var quality [][]float64
	for i := range 300 {
		switch {
		case i%3 == 0:
			quality = append(quality, []float64{0.2, 0.2, 0.3}) // hard
		default:
			quality = append(quality, []float64{0.8, 0.8, nan})
		}
	}
	level := newLevels(quality, 3)
	if math.Abs(level[0]-0.6) > 0.01 || math.Abs(level[2]-0.7) > 0.01 {
		t.Errorf("levels %.3f, want 0.6 0.6 0.7", level)
	}
}

func TestTinyAndOddRecords(t *testing.T) {
	one := func(text string, quality float64) Record {
		return Record{Query: Query{Text: text}, Outcomes: map[string]Outcome{"a": {Quality: quality}, "b": {Quality: 1 - quality, Cost: 1}}}
	}
	cases := map[string][]Record{
		"one":         {one("x", 1)},
		"same text":   {one("x", 1), one("x", 0), one("x", 1)},
		"empty texts": {one("", 1), one("", 0)},
		"one model":   {{Query: Query{Text: "x"}, Outcomes: map[string]Outcome{"a": {Quality: 0.5}}}},
		"some bare":   {one("x", 1), {}, one("y", 0)},
	}
	for i := range 300 {
		r := one(strings.Repeat("word ", i%7)+string(rune('a'+i%26)), float64(i%2))
		r.Domain = string(rune(0x4e00 + i%250))
		cases["many domains"] = append(cases["many domains"], r)
	}
	var many []Record
	for i := range 60 {
		many = append(many, one(strings.Repeat(string(rune('a'+i)), i*100), float64(i%2)))
	}
	cases["invalid UTF-8"] = append(many, one("\xff\xfe"+strings.Repeat("\xf0\x9f", 4000), 1))
	for name, records := range cases {
		t.Run(name, func(t *testing.T) {
			training := trained(t, records, Options{})
			for _, row := range append(training.OutOfFold, training.Router.Estimate(nil, &Query{Text: "anything", Tools: -3, Turns: math.MaxInt})) {
				for _, e := range row {
					if !(e.Quality >= 0 && e.Quality <= 1 && e.Cost >= 0 && e.Cost <= 1) {
						t.Errorf("estimate %+v", e)
					}
				}
			}
		})
	}
}

func TestTrainRejects(t *testing.T) {
	outcome := func(o Outcome) []Record { return []Record{{Outcomes: map[string]Outcome{"a": o}}} }
	cases := []struct {
		name    string
		records []Record
		opt     Options
		want    string
	}{
		{"nothing", nil, Options{}, "no models"},
		{"no outcomes", make([]Record, 3), Options{Models: []string{"a"}}, "no outcomes"},
		{"quality above 1", outcome(Outcome{Quality: 1.5}), Options{}, "quality of a is 1.5"},
		{"quality not a number", outcome(Outcome{Quality: math.NaN()}), Options{}, "quality of a is NaN"},
		{"negative cost", outcome(Outcome{Cost: -1}), Options{}, "cost of a is -1"},
		{"infinite cost", outcome(Outcome{Cost: math.Inf(1)}), Options{}, "cost of a is +Inf"},
		{"a model twice", outcome(Outcome{}), Options{Models: []string{"a", "a"}}, "names that differ"},
		{"one fold", outcome(Outcome{}), Options{Folds: 1}, "at least 2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Train(context.Background(), c.records, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, kitchen(100, 1), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEstimateDoesNotAllocate(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	r := trained(t, kitchen(400, 7), Options{}).Router
	q := Query{Text: strings.Repeat("Tell me about the river, please. ", 200), System: "Be kind."}
	dst := r.Estimate(nil, &q)
	if n := testing.AllocsPerRun(100, func() { dst = r.Estimate(dst, &q) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestEstimateConcurrently(t *testing.T) {
	records := kitchen(100, 8)
	r := trained(t, records, Options{}).Router
	want := make([][]Estimate, len(records))
	for i := range records {
		want[i] = r.Estimate(nil, &records[i].Query)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var dst []Estimate
			for i := range records {
				if dst = r.Estimate(dst, &records[i].Query); !cmp.Equal(dst, want[i]) {
					t.Errorf("record %d: %v, want %v", i, dst, want[i])
					return
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkEstimate(b *testing.B) {
	r := trained(b, kitchen(400, 1), Options{}).Router
	q := Query{Text: strings.Repeat("Tell me about the river, the bread and whatever else is there, please. ", 60)} // about 1,000 tokens
	var dst []Estimate
	b.ReportAllocs()
	for b.Loop() {
		dst = r.Estimate(dst, &q)
	}
}
