// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"fmt"

	"retort/eval/judge"
	"retort/model"
)

// KindCascade is the kind of a cascade that accepts by a certified threshold.
const KindCascade = "cascade"

// Cascade fits the threshold from which on a cascade accepts its cheap model's answers, and the verifier that scores them where that is
// learned.
type Cascade struct {
	Cheap   string // the model whose answers are scored
	Fitting judge.Fitting
}

// Kind returns KindCascade.
func (Cascade) Kind() string { return KindCascade }

// goodEnough is the quality from which on an answer counts as one that should be accepted.
const goodEnough = 0.5

// Fit certifies a threshold on recorded answers of the cheap model; see judge.Fit. An outcome without the answer's text
// does not count.
func (c Cascade) Fit(ctx context.Context, job *Job) ([]byte, *Report, error) {
	if err := job.check(); err != nil {
		return nil, nil, err
	}
	if c.Fitting.Own {
		return nil, nil, &NothingError{job.Blend, "the score that an answer came with is not among outcomes; verify it in another way"}
	}
	var records []judge.Record
	for i := range job.Records {
		if o, ok := job.Records[i].Outcomes[c.Cheap]; ok && o.Answer != "" {
			records = append(records, judge.Record{Request: model.NewRequest(job.Blend, job.Records[i].Content),
				Response: model.Answer(c.Cheap, o.Answer), Good: o.Quality >= goodEnough})
		}
	}
	if len(records) == 0 {
		return nil, nil, &NothingError{job.Blend, fmt.Sprintf("no outcome of %s has its answer", c.Cheap)}
	}
	job.progress("score answers", 0, len(records))
	how := c.Fitting
	how.Seed = job.Seed
	fitted, err := judge.Fit(ctx, records, how)
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	job.progress("score answers", len(records), len(records))
	artefact, err := fitted.Encode()
	if err != nil {
		return nil, nil, fmt.Errorf("tune %s: %w", job.Blend, err)
	}
	report := job.describe(KindCascade)
	certificate := &fitted.Certificate
	report.Target = fmt.Sprintf("%.4g of the accepted answers of %s are good, with confidence %.4g", certificate.Target, c.Cheap, certificate.Confidence)
	report.Reached, report.More = certificate.Speaks(), certificate.MoreLabels
	report.Verdict = certificate.String()
	if !report.Reached {
		report.Warnings = append(report.Warnings, "nothing is certified, so that the strong model answers all")
	}
	if fitted.Trained > 0 {
		report.Learned = fmt.Sprintf("a verifier trained on %d answers, which judged nothing", fitted.Trained)
	}
	if fitted.Unjudged > 0 {
		report.Warnings = append(report.Warnings, fmt.Sprintf("%d answers got no verdict; such are never accepted", fitted.Unjudged))
	}
	return artefact, report, nil
}
