// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"retort/compose"
	"retort/internal/config"
	"retort/internal/desk"
	"retort/model"
)

func (p *Plant) shadow(name string, c *config.Shadow) (model.Model, error) {
	m, err := p.part(c.Model)
	if err != nil {
		return nil, err
	}
	to, err := p.part(c.CopyTo)
	if err != nil {
		return nil, err
	}
	rate, burst, err := c.Rate()
	if err != nil {
		return nil, fmt.Errorf("shadow.at_most: %w", err)
	}
	s := compose.Shadow(m, to, compose.Shadowing{Name: c.CopyTo, Share: c.Share, Rate: rate, Burst: burst, Concurrent: c.Concurrent,
		PerDay: model.Money(c.PerDay * float64(model.Dollar)), Timeout: c.Timeout})
	p.shadows[name] = s
	return s, nil
}

// Begin starts copying and auditing; told is told of audits. Only a gateway copies: what a command asks is no traffic.
func (p *Plant) Begin(recorder compose.Recorder, recording compose.Recording, told func(*desk.Desk, compose.Copied)) {
	for _, s := range p.shadows {
		s.Begin(recorder, recording)
	}
	recording.Purpose = model.Auditing
	for _, d := range p.Desks {
		d.Begin(recorder, recording, told)
	}
}

// Succeed has the copies and audits of a plant go on spending the day's money where those of the one before are.
func (p *Plant) Succeed(before *Plant) {
	for name, s := range p.shadows {
		if was := before.shadows[name]; was != nil {
			s.Succeed(was)
		}
	}
	for name, d := range p.Desks {
		if was := before.Desks[name]; was != nil {
			d.Succeed(was)
		}
	}
}

// End stops copying and auditing, and waits for what is running, until ctx ends.
func (p *Plant) End(ctx context.Context) {
	for _, s := range p.shadows {
		s.End(ctx)
	}
	for _, d := range p.Desks {
		d.End(ctx)
	}
}

// shadowMetrics counts the copies of the models that are served. A reload begins anew.
type shadowMetrics struct {
	now    func() *Plant
	copies *prometheus.Desc
}

func newShadowMetrics(now func() *Plant) shadowMetrics {
	return shadowMetrics{now, prometheus.NewDesc("retort_shadow_copies_total",
		"Copies of requests by what became of them: answered, failed, or dropped for a limit.", []string{"model", "outcome"}, nil)}
}

// Describe names the metric.
func (m shadowMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.copies }

// Collect counts.
func (m shadowMetrics) Collect(ch chan<- prometheus.Metric) {
	p := m.now()
	for _, name := range slices.Sorted(maps.Keys(p.shadows)) {
		c := p.shadows[name].Counts()
		for outcome, n := range map[string]int{"answered": c.Answered, "failed": c.Failed, "dropped_rate": c.DroppedRate,
			"dropped_concurrent": c.DroppedConcurrent, "dropped_per_day": c.DroppedMoney} {
			ch <- prometheus.MustNewConstMetric(m.copies, prometheus.CounterValue, float64(n), name, outcome)
		}
	}
}
