// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"retort/compose"
	"retort/internal/config"
	"retort/model"
	"retort/provider"
	"retort/router/rule"
)

func (p *Plant) route(name string, c *config.Route) (model.Model, error) {
	if c.Among != nil {
		return p.routeByLearning(name, c)
	}
	return p.routeByRule(name, c.Rules)
}

// routeByRule returns a route whose models are those of its rules.
func (p *Plant) routeByRule(name string, rules []config.Rule) (model.Model, error) {
	var among []compose.Alternative
	conditions := make([]rule.Condition, len(rules))
	chooser := &byRule{choices: make([]compose.Choice, len(rules))}
	for i, r := range rules {
		condition, err := rule.Compile(r.When)
		if err != nil {
			return nil, fmt.Errorf("route.rules[%d].when: %w", i, err)
		}
		m, err := p.part(r.Use)
		if err != nil {
			return nil, err
		}
		conditions[i] = condition
		among = append(among, compose.Alternative{Model: m, Name: r.Use})
		chooser.choices[i] = compose.Choice{Order: []int{i}, Why: fmt.Sprintf("rule %d", i+1)}
	}
	chooser.rules = rule.New(conditions, rule.Surroundings{Estimate: provider.EstimateTokens, IsTask: p.isTask})
	p.rules[name] = chooser.rules
	return compose.Route(among, chooser, compose.Routing{Name: name}), nil
}

func (p *Plant) isTask(name string) bool {
	_, ok := p.Config.Tasks[name]
	return ok
}

// byRule chooses the model of the first rule that holds, and no other: whoever wants one asked after it writes a fallback,
// since a rule may be there to keep requests away from the others.
type byRule struct {
	rules   *rule.Rules
	choices []compose.Choice // by rule
}

var errNoRule = errors.New("no rule of the route holds")

// Choose tries the rules.
func (b *byRule) Choose(_ context.Context, req *model.Request) (compose.Choice, error) {
	place, err := b.rules.First(req)
	if err != nil {
		return compose.Choice{}, err
	}
	if place < 0 {
		return compose.Choice{}, &model.Error{Kind: model.Internal, Op: "route", Err: errNoRule}
	}
	return b.choices[place], nil
}

// routeMetrics counts what routes chose, and what went wrong in rules. A reload begins anew.
type routeMetrics struct {
	now                        func() *Plant
	failures, choices, unusual *prometheus.Desc
	shift                      *prometheus.Desc
}

func newRouteMetrics(now func() *Plant) routeMetrics {
	return routeMetrics{now,
		prometheus.NewDesc("retort_route_rule_failures_total",
			"How often a condition of a route failed on a request, and so did not hold.", []string{"model", "rule"}, nil),
		prometheus.NewDesc("retort_route_choices_total",
			"Requests of a learned route by the model that it chose to ask first.", []string{"model", "chosen"}, nil),
		prometheus.NewDesc("retort_route_unusual_choices_total",
			"Choices of a learned route for another reason than the best expectation: explored, stayed.", []string{"model", "reason"}, nil),
		prometheus.NewDesc("retort_route_shift",
			"By how much feedback moved the log-odds of success that a learned route expects of a model.", []string{"model", "of"}, nil),
	}
}

// Describe names the metrics.
func (m routeMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.failures, m.choices, m.unusual, m.shift} {
		ch <- d
	}
}

// Collect counts.
func (m routeMetrics) Collect(ch chan<- prometheus.Metric) {
	p := m.now()
	for _, name := range slices.Sorted(maps.Keys(p.rules)) {
		for i, n := range p.rules[name].Failures() {
			if n > 0 {
				ch <- prometheus.MustNewConstMetric(m.failures, prometheus.CounterValue, float64(n), name, strconv.Itoa(i+1))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Tunables)) {
		if r, ok := p.Tunables[name].(*learned); ok {
			m.learned(ch, r)
		}
	}
}

func (m routeMetrics) learned(ch chan<- prometheus.Metric, r *learned) {
	for i, of := range r.by.Among {
		ch <- prometheus.MustNewConstMetric(m.choices, prometheus.CounterValue, float64(r.chosen[i].Load()), r.name, of)
	}
	ch <- prometheus.MustNewConstMetric(m.unusual, prometheus.CounterValue, float64(r.explored.Load()), r.name, "explored")
	ch <- prometheus.MustNewConstMetric(m.unusual, prometheus.CounterValue, float64(r.remains.Load()), r.name, "stayed")
	for _, l := range r.Learned() {
		ch <- prometheus.MustNewConstMetric(m.shift, prometheus.GaugeValue, l.Shift, r.name, l.Model)
	}
}
