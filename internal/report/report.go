// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package report writes what a distillation found, or a comparison of models, as one HTML page for people. Of a
// distillation: the promise in plain words, how coverage trades against agreement, whether scores can be believed, where
// student and teacher part ways, and what the data were like. Of a comparison: the models on the plane of quality and
// cost, and each against each. A page needs nothing else: styles and drawings are inside, there is no script, and text
// from traces is only ever shown as text. It reads well on a phone, in the dark and on paper.
package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"time"

	"retort/distill"
	"retort/eval/certify"
	"retort/model"
)

// Data is what a page shows. Sections without content are left out.
type Data struct {
	Title  string           // of the page; empty: made from the task's name
	Made   time.Time        // when the figures were taken
	Report distill.Report   // what the distillation found
	Judged []distill.Judged // the predictions behind the figures, none of them on an example that the predictor had seen
	// Traffic is what was measured while the student served; nil when it has not served.
	Traffic *Traffic
}

// Traffic compares requests before and after a student took over.
type Traffic struct {
	Taught   int // requests that the teacher answered and the student learned from
	HeldOut  int // requests sent afterwards
	Answered int // of those, by the student
	Agreed   int // of those, as the teacher would have

	CostBefore, CostAfter model.Money // of 1,000 requests
	Teacher, Student      Latency     // as the client saw it

	// Certificate is the student's after the held-out requests were put to it; the zero value leaves that of the Report.
	Certificate certify.Certificate
}

// Latency is the time from sending a request until its whole answer was there.
type Latency struct{ P50, P99 time.Duration }

//go:embed page.html.tmpl
var pageText string

//go:embed style.css
var styleText string

// Write writes the page to w. It fails when there is nothing to show or w fails, in which case w may hold a part.
func Write(w io.Writer, data Data) error {
	if len(data.Judged) == 0 || data.Report.Metrics == nil {
		return errors.New("write report: there are no judged predictions to show")
	}
	v, err := newView(data)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	page, err := template.New("page").Funcs(template.FuncMap{"label": breakable}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
