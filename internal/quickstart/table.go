// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package quickstart

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"retort/eval/certify"
	"retort/internal/report"
)

// report writes the page.
func (r *Result) report(path string) error {
	var page bytes.Buffer
	err := report.Write(&page, report.Data{
		Title: "Retort quickstart: a support desk", Made: time.Now(),
		Report: r.Distilled.Report, Judged: r.Distilled.Judged,
		Traffic: &report.Traffic{Taught: r.Taught, HeldOut: r.HeldOut, Answered: r.Answered, Agreed: r.Agreed,
			CostBefore: r.CostBefore, CostAfter: r.CostAfter,
			Teacher: report.Latency(r.Teacher), Student: report.Latency(r.Student), Certificate: r.Certificate},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, page.Bytes(), 0o644)
}

// Row is a line of the table: what, and the figure.
type Row struct{ Name, Figure, Note string }

// Table returns the result as lines that a manager understands.
func (r *Result) Table() []Row {
	rows := []Row{
		{"requests", fmt.Sprintf("%d + %d", r.Taught, r.HeldOut), "answered by the teacher + held out, after the student took over"},
		{"student answers", share(r.Answered, r.HeldOut), "of the held-out requests; the teacher answers the rest"},
	}
	if r.Answered > 0 {
		rows = append(rows, Row{"agrees with teacher", share(r.Agreed, r.Answered), r.bound()})
	} else {
		rows = append(rows, Row{"agrees with teacher", "–", r.Certificate.Reason})
	}
	return append(rows,
		Row{"cost per 1,000", fmt.Sprintf("$%.2f → $%.2f", r.CostBefore.Dollars(), r.CostAfter.Dollars()),
			fmt.Sprintf("%.0f %% less, at the teacher's price in retort.yaml", 100*(1-r.CostAfter.Dollars()/r.CostBefore.Dollars()))},
		Row{"teacher's latency", fmt.Sprintf("p50 %s  p99 %s", short(r.Teacher.P50), short(r.Teacher.P99)), "as recorded, through the gateway"},
		Row{"student's latency", fmt.Sprintf("p50 %s  p99 %s", short(r.Student.P50), short(r.Student.P99)),
			fmt.Sprintf("through the gateway, %d clients at once; %.0f µs in-process", clients, r.PredictP50us)},
		Row{"student", fmt.Sprintf("%.1f MB", float64(r.StudentBytes)/(1<<20)),
			fmt.Sprintf("trained in %.2f s; with cross-fitting and all, distilled in %.1f s", r.TrainSeconds, r.DistilSeconds)},
	)
}

// bound says what is certain about the agreement.
func (r *Result) bound() string {
	c := &r.Certificate
	switch c.Status {
	case certify.Certified:
		return fmt.Sprintf("of its answers; certified: at least %.1f %% with confidence %.0f %%", 100*c.Lower, 100*c.Confidence)
	case certify.Provisional:
		least := certify.LowerBound(r.Agreed, r.Answered, 1-c.Confidence)
		return fmt.Sprintf("of its answers; provisional: %.1f %% aimed at, at least %.1f %% shown with confidence %.0f %%", 100*c.Target, 100*least, 100*c.Confidence)
	}
	return "of its answers; below the target: the student would be taken out"
}

func share(part, whole int) string {
	return fmt.Sprintf("%.1f %%  (%d of %d)", 100*float64(part)/float64(max(whole, 1)), part, whole)
}

// short prints a latency with about three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f µs", d.Seconds()*1e6)
}
