// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"retort/dataset"
	"retort/distill"
	"retort/distill/active"
	"retort/eval/certify"
	"retort/task"
)

// The budgets of labels at which both ways of choosing are measured. From claimed on there is a floor.
var (
	randomBudgets = []int{500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7500}
	activeBudgets = []int{1000, 1500, 2000, 3000, 4000}
)

const claimed = 2000

// measureActive compares labels of which a part is picked with labels drawn at random: by the share of Banking77's official
// test split that a student may answer at 95 % agreement and δ = 5 %, its threshold cross-fitted on the random labels. All labels of both
// count. What random labels would be needed for the coverage of picked ones is read off the line between the random budgets.
func measureActive(ctx context.Context, b *bench) error {
	train, test, err := bankingSplit()
	if err != nil {
		return err
	}
	if b.validate {
		test, train = dataset.Split(train, 0.25, 77)
	}
	train, _ = dataset.Dedupe(train)
	contract := &task.Task{Name: "banking", Labels: labelsOf(train)}
	s := &selection{bench: b, task: contract, pool: train, test: test}
	randoms, actives := slices.DeleteFunc(slices.Clone(randomBudgets), s.tooMany), slices.DeleteFunc(slices.Clone(activeBudgets), func(n int) bool { return s.tooMany(n) || !b.wanted(n) })
	if s.journal, err = openJournal(b.journal); err != nil {
		return err
	}
	defer s.journal.close()
	var random, picked [][]float64 // by run and budget
	for run := range b.seeds {
		seed := uint64(run + 1)
		if strings.Contains(b.ways, "random") {
			r, err := s.curve(ctx, "random", randoms, seed, s.random)
			if err != nil {
				return err
			}
			random = append(random, r)
			fmt.Fprintf(os.Stderr, "seed %d: random %.3f of %v\n", seed, r, randoms)
		}
		if strings.Contains(b.ways, "active") {
			a, err := s.curve(ctx, "active", actives, seed, s.active)
			if err != nil {
				return err
			}
			picked = append(picked, a)
			fmt.Fprintf(os.Stderr, "seed %d: active %.3f of %v\n", seed, a, actives)
		}
	}
	if random != nil && picked != nil {
		s.report(randoms, actives, random, picked)
	}
	return nil
}

// selection is a comparison under way.
type selection struct {
	*bench
	task       *task.Task
	pool, test []dataset.Example
	journal    *journal
	answered   int // runs in which the student answered, of both ways
	broken     int // those in which less than 95 % of the answers agreed
}

// wanted reports whether a budget is among those given.
func (b *bench) wanted(labels int) bool {
	return b.budgets == "" || slices.Contains(strings.Split(b.budgets, ","), fmt.Sprint(labels))
}

func (s *selection) tooMany(labels int) bool { return labels > len(s.pool) }

// curve returns the coverage at each budget.
func (s *selection) curve(ctx context.Context, way string, budgets []int, seed uint64, choose func(context.Context, int, uint64) (fair, hard []dataset.Example, err error)) ([]float64, error) {
	var out []float64
	for _, n := range budgets {
		m := measured{Way: way, Seed: seed, Labels: n, Validate: s.validate}
		if !s.journal.find(&m) {
			fair, hard, err := choose(ctx, n, seed)
			if err != nil {
				return nil, err
			}
			if len(fair)+len(hard) != n {
				return nil, fmt.Errorf("%d labels for a budget of %d", len(fair)+len(hard), n)
			}
			if m.Answered, m.Agreed, err = s.coverage(ctx, fair, hard, seed); err != nil {
				return nil, err
			}
			if err := s.journal.add(m); err != nil {
				return nil, err
			}
		}
		if m.Answered > 0 {
			s.answered++
		}
		if float64(m.Agreed) < 0.95*float64(m.Answered) {
			s.broken++
		}
		out = append(out, float64(m.Answered)/float64(len(s.test)))
	}
	return out, nil
}

// random draws n labels.
func (s *selection) random(_ context.Context, n int, seed uint64) (fair, hard []dataset.Example, err error) {
	order := rand.New(rand.NewPCG(seed, 77)).Perm(len(s.pool))
	for _, i := range order[:n] {
		fair = append(fair, s.pool[i])
	}
	return fair, nil, nil
}

// active has package active choose n labels.
func (s *selection) active(ctx context.Context, n int, seed uint64) (fair, hard []dataset.Example, err error) {
	inputs, known := make([]string, len(s.pool)), make(map[string]dataset.Example, len(s.pool))
	for i, e := range s.pool {
		inputs[i], known[e.Text] = e.Text, e
	}
	teacher := func(_ context.Context, inputs []string) ([]dataset.Example, bool, error) {
		answers := make([]dataset.Example, len(inputs))
		for i, t := range inputs {
			answers[i] = known[t]
		}
		return answers, true, nil
	}
	r, err := active.Run(ctx, active.Job{Task: s.task, Inputs: inputs, Seed: seed}, n, teacher)
	if err != nil {
		return nil, nil, err
	}
	return r.Fair, r.Hard, nil
}

// coverage counts the test texts that a student of these labels answers, and those of them where it is right.
func (s *selection) coverage(ctx context.Context, fair, hard []dataset.Example, seed uint64) (answered, agreed int, err error) {
	made, err := distill.Run(ctx, distill.Job{Task: s.task, Examples: fair, Hard: hard, Seed: seed, Goal: certify.Goal{Agreement: 0.95, Confidence: 0.95}})
	if err != nil {
		return 0, 0, err
	}
	for _, e := range s.test {
		if label, score := made.Student.Answer(e.Text); made.Report.Certificate.Answers(score) {
			answered++
			if label == e.Label {
				agreed++
			}
		}
	}
	return answered, agreed, nil
}

// report gives both curves, and what picking saves with an interval over the seeds.
func (s *selection) report(randoms, actives []int, random, picked [][]float64) {
	prefix := "active_"
	if s.validate {
		prefix = "validation_active_"
	}
	all := make([]int, len(random))
	for i := range all {
		all[i] = i
	}
	line := meanOf(random, all)
	for k, n := range randoms {
		s.Note(fmt.Sprintf("%srandom_coverage_%d", prefix, n), line[k], "")
	}
	for k, n := range actives {
		s.Note(fmt.Sprintf("%scoverage_%d", prefix, n), meanOf(picked, all)[k], "")
		saved := saving(n, meanOf(picked, all)[k], randoms, line)
		low, high := s.interval(k, n, randoms, random, picked)
		name := fmt.Sprintf("%ssaved_%d", prefix, n)
		if n >= claimed && !s.validate {
			s.AtLeast(name, saved, "", 0.25)
		} else {
			s.Note(name, saved, "")
		}
		s.Note(name+"_lower", low, "")
		s.Note(name+"_upper", high, "")
	}
	s.Note(prefix+"students_that_answered", float64(s.answered), "")
	s.Note(prefix+"students_below_target", float64(s.broken), "")
}

// interval is the 95 % bootstrap interval over seeds of what picking saves at a budget.
func (s *selection) interval(k, n int, randoms []int, random, picked [][]float64) (low, high float64) {
	draw := rand.New(rand.NewPCG(1, uint64(n)))
	saved := make([]float64, 10_000)
	seeds := make([]int, len(random))
	for i := range saved {
		for j := range seeds {
			seeds[j] = draw.IntN(len(random))
		}
		saved[i] = saving(n, meanOf(picked, seeds)[k], randoms, meanOf(random, seeds))
	}
	slices.Sort(saved)
	return saved[len(saved)*25/1000], saved[len(saved)*975/1000]
}

// meanOf is the mean curve of the runs whose numbers are given.
func meanOf(curves [][]float64, runs []int) []float64 {
	out := make([]float64, len(curves[0]))
	for _, r := range runs {
		for k, x := range curves[r] {
			out[k] += x / float64(len(runs))
		}
	}
	return out
}

// saving is the share of the labels that n picked ones save, which cover so much: against the number at which the line through the
// random budgets first covers as much. Beyond its end it is what the greatest budget shows, a lower bound.
func saving(n int, covered float64, budgets []int, line []float64) float64 {
	needed := float64(budgets[len(budgets)-1])
	for k := range budgets {
		if line[k] < covered {
			continue
		}
		needed = float64(budgets[k])
		if k > 0 && line[k] > line[k-1] {
			needed = float64(budgets[k-1]) + float64(budgets[k]-budgets[k-1])*(covered-line[k-1])/(line[k]-line[k-1])
		}
		break
	}
	return 1 - float64(n)/math.Max(needed, 1)
}
