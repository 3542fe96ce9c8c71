// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"retort/eval/judge"
	"retort/model"
)

// drawn is a candidate that agrees with each of n trials with a chance.
func drawn(rng *rand.Rand, name string, chance float64, n int) *candidate {
	c := &candidate{prompt: judge.Prompt{Rubric: name}}
	for range n {
		c.agreed = append(c.agreed, right(rng.Float64() < chance))
	}
	return c
}

// Of prompts that are equally good the simplest is kept nearly always, and one that is clearly better is found: over many seeds.
func TestTheSimplestOfEqualsIsKept(t *testing.T) {
	const seeds, n = 400, 120
	kept, found := 0, 0
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 1))
		if simplest([]*candidate{drawn(rng, "simple", 0.8, n), drawn(rng, "other", 0.8, n)}, 2).prompt.Rubric == "simple" {
			kept++
		}
		if simplest([]*candidate{drawn(rng, "simple", 0.6, n), drawn(rng, "better", 0.85, n)}, 2).prompt.Rubric == "better" {
			found++
		}
	}
	// A difference that is none exceeds √(2 ln 2) standard errors upwards in 12 % of the cases.
	if kept < seeds*83/100 || found < seeds*97/100 {
		t.Errorf("of %d seeds the simple one is kept in %d, and the better one found in %d", seeds, kept, found)
	}
	if c := simplest([]*candidate{drawn(rand.New(rand.NewPCG(1, 1)), "few", 1, earliest-1)}, 1); c != nil {
		t.Errorf("too few trials chose %+v", c)
	}
}

// However many prompts are tried that are no better, the configured one is kept nearly always; and a judge that tosses coins is told from
// one that does not.
func TestManyPromptsAreNoLuckierThanFew(t *testing.T) {
	const seeds, n = 400, 80
	for _, tried := range []int{3, 7, 20} {
		kept, found, coins, judges := 0, 0, 0, 0
		for seed := range uint64(seeds) {
			rng := rand.New(rand.NewPCG(seed, 3))
			var all []*candidate
			for i := range tried {
				all = append(all, drawn(rng, fmt.Sprint(i), 0.5, n))
			}
			if simplest(all, tried) == all[0] {
				kept++
			}
			all[tried-1] = drawn(rng, "better", 0.85, n)
			if simplest(all, tried) == all[tried-1] {
				found++
			}
			if beyondChance(drawn(rng, "coin", 0.5, n).agreed) {
				coins++
			}
			if beyondChance(drawn(rng, "judge", 0.7, n).agreed) {
				judges++
			}
		}
		if kept < seeds*78/100 || found < seeds*90/100 {
			t.Errorf("of %d prompts: the first of equals is kept in %d of %d seeds, and a better one found in %d", tried, kept, seeds, found)
		}
		if coins > seeds*8/100 || judges < seeds*93/100 {
			t.Errorf("%d of %d coins and %d judges are beyond chance", coins, seeds, judges)
		}
	}
}

// The best is seldom put out of the race, though it is looked at again and again.
func TestTheBestStaysInTheRace(t *testing.T) {
	const seeds, n = 300, 120
	lost := 0
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 2))
		all := []*candidate{drawn(rng, "good", 0.7, n), drawn(rng, "best", 0.8, n), drawn(rng, "bad", 0.4, n)}
		for to := earliest; to <= n; to += block {
			var running []*candidate
			for _, c := range all {
				if !c.out {
					running = append(running, c)
				}
			}
			dropWorse(running, to)
		}
		if all[1].out {
			lost++
		}
		if !all[2].out {
			t.Errorf("seed %d: half as good, and still in the race", seed)
		}
	}
	if lost > seeds*8/100 {
		t.Errorf("the best was put out of %d races of %d", lost, seeds)
	}
}

func TestTrialsDoNotDependOnTheOrderOfLines(t *testing.T) {
	job := rivals(60)
	first := fmt.Sprint(texts(job.contested()))
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(job.Records), func(i, j int) { job.Records[i], job.Records[j] = job.Records[j], job.Records[i] })
	if again := fmt.Sprint(texts(job.contested())); again != first {
		t.Error("another order of the records asks other questions")
	}
	for _, tr := range job.contested() {
		if tr.better.worth-tr.worse.worth < clear || tr.better.request != tr.worse.request {
			t.Errorf("trial of %v and %v", tr.better, tr.worse)
		}
	}
	for _, tr := range job.graded(job.singles(), false) {
		if tr.better.worth < goodEnough || tr.worse.worth >= goodEnough {
			t.Errorf("trial of %v and %v", tr.better, tr.worse)
		}
	}
}

// No request of a worked example is one that prompts are compared on, and neither is one of those that measure what was chosen, however
// often it is asked and whoever answers; a third of the trials is for examples and a quarter for measuring: over many seeds.
func TestTrialsOfTheThreePartsAskOtherThings(t *testing.T) {
	for seed := range uint64(50) {
		job := rivals(90)
		job.Seed = seed
		for i := range 30 {
			job.Records[60+i].Content = job.Records[i].Content // asked again, and perhaps answered otherwise
		}
		both := []Judge{{Prompts: Prompts{Pairs: true}}, {Prompts: Prompts{Accept: 0.5}}}
		for _, j := range both {
			parts := j.trials(job)
			checkApart(t, parts)
			all := len(parts.training) + len(parts.choosing) + len(parts.unseen)
			for share, n := range map[int]int{3: len(parts.training), 4: len(parts.unseen)} {
				if n < all/share-4 || n > all/share {
					t.Errorf("seed %d: %d of %d trials are in a part of one in %d", seed, n, all, share)
				}
			}
		}
		parts := job.dividedGrades(job.singles(), false)
		checkApart(t, parts)
		if len(parts.training) == 0 || len(parts.unseen) == 0 || len(parts.choosing) < earliest {
			t.Errorf("seed %d: %d, %d and %d trials of two requests", seed, len(parts.training), len(parts.choosing), len(parts.unseen))
		}
	}
	if few := divided(rivals(30).contested()); len(few.unseen) > 0 && len(few.choosing) < earliest {
		t.Errorf("of few trials %d are held out, and %d left to choose by", len(few.unseen), len(few.choosing))
	}
}

func checkApart(t *testing.T, parts trials) {
	t.Helper()
	seen := map[string]int{}
	for at, part := range [][]trial{parts.training, parts.choosing, parts.unseen} {
		for _, a := range answersOf(part) {
			content, err := a.request.Content()
			if err != nil {
				t.Fatal(err)
			}
			text := content.Messages[0].Text()
			if before, has := seen[text]; has && before != at {
				t.Fatalf("%q is in parts %d and %d", text, before, at)
			}
			seen[text] = at
		}
	}
}

func texts(trials []trial) []string {
	var out []string
	for _, tr := range trials {
		out = append(out, tr.better.text+" / "+tr.worse.text)
	}
	return out
}

func TestExamplesAreShortAndBalanced(t *testing.T) {
	req := model.NewRequest("x", model.Prompt("Which?"))
	long := make([]byte, longExample)
	var trials []trial
	for i := range 6 {
		trials = append(trials, trial{&judged{req, fmt.Sprint("good ", i), 1}, &judged{req, fmt.Sprint("bad ", i), 0}})
	}
	trials[0].better.text = string(long)
	trials[1].worse.worth = 0.9 // no clear case
	pairs := examples(trials, true, 4)
	if len(pairs) != 4 || pairs[0].Answers[0] != "good 2" || pairs[0].Verdict != "first" || pairs[1].Answers[1] != "good 3" || pairs[1].Verdict != "second" {
		t.Errorf("pairs: %+v", pairs)
	}
	grades := examples(trials[2:], false, 2)
	if len(grades) != 2 || grades[0].Verdict != "10" || grades[1].Verdict != "1" {
		t.Errorf("grades: %+v", grades)
	}
}
