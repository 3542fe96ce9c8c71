// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/dataset"
	"retort/distill"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/model"
)

// KeepLabels makes a version of the labelled rows, and notes it in labels. Rows whose labels were picked keep their mark.
func (a *App) KeepLabels(ctx context.Context, name string, labels *Labels) error {
	d, err := a.shelf().Draft(model.DefaultTenant, name)
	if err != nil {
		return err
	}
	defer d.Discard() // after Commit it does nothing
	d.OfTask(labels.task)
	d.Source(dataset.Source{Kind: "labelling", Name: labels.Data, Examples: len(labels.Examples)})
	for i := range labels.Report.Teachers {
		t := &labels.Report.Teachers[i]
		d.Note("teacher %s gave %d labels; terms: %s", t.Name, t.Answers, t.Terms)
	}
	for i := range labels.Examples {
		if err := d.Add(&labels.Examples[i].Example); err != nil {
			return err
		}
	}
	labels.Version, _, err = d.Commit(ctx)
	if err != nil {
		return fmt.Errorf("keep the labels, which the same command makes again for nothing: %w", err)
	}
	return nil
}

// taughtBy says in a job which version its examples came from, and who labelled them. An upstream's model whose terms forbid learning from
// it is refused here as well. Without a version it does nothing.
func (a *App) taughtBy(job *distill.Job, v *dataset.Version) error {
	if v == nil {
		return nil
	}
	job.Dataset = v.Ref()
	who := map[string]bool{}
	for names := range v.Teachers {
		for name := range strings.SplitSeq(names, ", ") {
			who[name] = true
		}
	}
	if len(who) == 0 {
		job.Teachers = []string{"dataset " + v.Ref()}
		return nil
	}
	c := a.plant.Load().Config
	job.Teachers, job.Terms = slices.Sorted(maps.Keys(who)), map[string]string{}
	for _, name := range job.Teachers {
		terms := config.DistillUnknown
		for _, configured := range origin.Called(c, name) {
			if _, err := origin.Terms(c, configured); err != nil {
				return err
			}
			terms = origin.TermsOf(c, configured)
		}
		job.Terms[name] = terms
	}
	return nil
}
