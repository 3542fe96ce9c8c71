// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/internal/shareddata"
)

// manyDraws is how many of plantSeeds are taken: each trains for minutes.
const manyDraws = 2

// measureErrorsMany plants wrong labels in 5 % of more examples than refining trains on, and compares what is found by models that learned
// from a sample, as refining does, with what is found by models that learned from all.
func measureErrorsMany(ctx context.Context, b *bench) error {
	clean, err := manyLabelled()
	if err != nil {
		return err
	}
	b.Note("errors_many_examples", float64(len(clean)), "")
	b.Note("errors_many_labels", float64(len(labelsOf(clean))), "")
	for _, way := range []struct {
		name string
		most int
	}{{"sample", 0}, {"all", len(clean)}} {
		var found, listed, precision []float64
		start := time.Now()
		for _, seed := range plantSeeds[:manyDraws] {
			d, planted := plantErrors(clean, nil, seed)
			if err := d.Learn(ctx, refine.Learning{Most: way.most, Seed: seed}); err != nil {
				return err
			}
			first, inList, right := findPlanted(d, planted, len(clean)/10)
			found, listed, precision = append(found, first), append(listed, inList), append(precision, right)
			fmt.Fprintf(os.Stderr, "errors: seed %d, learned from %s: %.3f in the first tenth\n", seed, way.name, first)
		}
		b.Note("errors_many_"+way.name+"_seconds", time.Since(start).Seconds()/float64(len(found)), "s")
		b.Note("errors_many_"+way.name+"_in_first_tenth", mean(found), "")
		b.Note("errors_many_"+way.name+"_listed", mean(listed), "")
		b.Note("errors_many_"+way.name+"_listed_precision", mean(precision), "")
	}
	return nil
}

// manyLabelled returns the training texts of three public data sets, with the labels of each.
func manyLabelled() ([]dataset.Example, error) {
	all, _, err := bankingSplit()
	if err != nil {
		return nil, err
	}
	clinc, _, err := clincSplit()
	if err != nil {
		return nil, err
	}
	all = append(all, clinc...)
	err = shareddata.ReadObjects("snips_nlu/snips.jsonl.gz", func(o *struct{ Split, Text, Intent string }) error {
		if o.Split == "train" && o.Text != "" && o.Intent != "" {
			all = append(all, dataset.Example{Text: o.Text, Label: o.Intent})
		}
		return nil
	})
	return all, err
}
