// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"

	"retort/dataset/confident"
	"retort/student"
)

const (
	// enough is how many examples models are trained on by default: with it, memory and most of the time do not depend on how many are judged, and
	// more examples hardly make the models better judges.
	enough = 20_000
	// folds of the cross-fit. Three find as many wrong labels as five within a percentage point, in half the time.
	folds = 3
	// floor is how many examples of each label are among those trained on, where it has so many and there are not too many labels.
	floor = 30
)

// Learning says how Doubts learns. The zero value is usable.
type Learning struct {
	Most     int // examples to train on, about; 0: 20,000
	Seed     uint64
	Progress func(done, total int) // may be nil
}

// Learn trains models on the examples or, where they are more than l.Most, on a sample of them by label, and judges all
// examples: one of the sample by a model that did not see its text, another by any.
func (d *Doubts) Learn(ctx context.Context, l Learning) error {
	if l.Most <= 0 {
		l.Most = enough
	}
	if l.Progress == nil {
		l.Progress = func(int, int) {}
	}
	rows := d.sample(l.Most, l.Seed)
	habits := confident.NewHabits(len(d.labels))
	taught := make([]student.Example, len(rows))
	for k, i := range rows {
		e := &d.examples[i]
		taught[k] = student.Example{Text: e.Text, Label: e.Label, Soft: e.Soft}
	}
	total := len(rows) + len(d.examples)
	l.Progress(0, total)
	siblings, err := student.CrossFit(ctx, taught, student.Options{Labels: d.labels, Folds: folds, Seed: l.Seed,
		Held: func(k int, p []float32) {
			if class := d.judged(int(rows[k])); class >= 0 {
				habits.Add(class, p)
			}
		},
		Progress: func(_ string, done, of int) { l.Progress(len(rows)*done/of, total) },
	})
	if err != nil {
		return err
	}
	d.judge, d.learned = habits.Judge(), len(rows)
	return d.ask(ctx, siblings, func(done int) { l.Progress(len(rows)+done, total) })
}

// ask judges all examples, several at a time.
func (d *Doubts) ask(ctx context.Context, siblings *student.Siblings, tell func(done int)) error {
	workers := runtime.GOMAXPROCS(0)
	verdicts := make([][]confident.Verdict, workers) // of each worker's share of a turn
	for from := 0; from < len(d.examples); from += every * workers {
		tell(from)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		var group sync.WaitGroup
		for w := range verdicts {
			group.Go(func() {
				first := from + w*every
				verdicts[w] = d.weigh(verdicts[w][:0], siblings, first, min(first+every, len(d.examples)))
			})
		}
		group.Wait()
		for _, v := range slices.Concat(verdicts...) {
			d.judge.Add(v)
		}
	}
	return nil
}

// weigh appends what is thought of the examples from first on to dst.
func (d *Doubts) weigh(dst []confident.Verdict, siblings *student.Siblings, first, end int) []confident.Verdict {
	var p []float64
	row := make([]float32, len(d.labels))
	for i := first; i < end; i++ {
		class := d.judged(i)
		if class < 0 {
			continue
		}
		p = siblings.Distribution(p, d.examples[i].Text)
		for c, x := range p {
			row[c] = float32(x)
		}
		dst = append(dst, d.judge.Weigh(i, class, row))
	}
	return dst
}

// sample returns the places of the examples to train on, in order: all whose labels can be judged where they are at most most, else of each
// such label its share, but no fewer than floor of them. Which these are depends on their texts.
func (d *Doubts) sample(most int, seed uint64) []int32 {
	var rows []int32
	for i := range d.examples {
		if d.size[d.examples[i].Label] >= judgeable {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) <= most {
		return rows
	}
	share := float64(most) / float64(len(rows))
	least := min(floor, max(judgeable, most/(2*len(d.labels)))) // of many labels, half of the sample at most is there to reach it
	hash := make([]uint64, len(d.examples))
	for _, i := range rows {
		hash[i] = scatter(d.examples[i].Text, seed)
	}
	slices.SortFunc(rows, func(a, b int32) int {
		return cmp.Or(cmp.Compare(d.examples[a].Label, d.examples[b].Label), cmp.Compare(hash[a], hash[b]), cmp.Compare(a, b))
	})
	picked := rows[:0]
	for len(rows) > 0 {
		n := d.size[d.examples[rows[0]].Label]
		picked = append(picked, rows[:min(n, max(least, int(share*float64(n)+0.5)))]...)
		rows = rows[n:]
	}
	slices.Sort(picked)
	return picked
}
