// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"retort/compose"
	"retort/internal/config"
	"retort/model"
)

func (p *plant) cache(name string, c *config.Cache) (model.Model, error) {
	of, err := p.model(c.Of)
	if err != nil {
		return nil, err
	}
	made, err := compose.Cache(of, compose.Caching{TTL: c.TTL, Bytes: int64(c.MaxBytes), Varies: p.varies(c.Of)})
	if err != nil {
		return nil, err
	}
	p.caches[name] = made
	return made, nil
}

// varies returns what answers of a model depend on beside the request: the champions of the tasks behind it, whose
// promotion makes earlier answers those of another student, and the key where something behind it goes by the key. All
// behind it has been built.
func (p *plant) varies(name string) func(*model.Request) string {
	var desks []*desk
	byKey := false
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		if d := p.tasks[name]; d != nil {
			desks = append(desks, d)
			visit(d.config.Teacher)
			return
		}
		c := p.config.Models[name]
		byKey = byKey || c.Split != nil && c.Split.By == config.ByKey || c.Balance != nil && c.Balance.Sticky == config.ByKey
		for _, ref := range c.Refs() {
			visit(ref)
		}
	}
	visit(name)
	return func(req *model.Request) string {
		var who strings.Builder
		for _, d := range desks {
			who.WriteString(d.now.Load().champion)
			who.WriteByte(0)
		}
		if byKey {
			who.WriteString(req.Key)
		}
		return who.String()
	}
}

// cacheMetrics counts where the answers of the caches that are served came from. A reload begins anew.
type cacheMetrics struct {
	app     *App
	answers *prometheus.Desc
}

func newCacheMetrics(a *App) cacheMetrics {
	return cacheMetrics{a, prometheus.NewDesc("retort_cache_answers_total",
		"Requests to caches by where the answer came from: hit (memory), joined (the model, asked for another caller at the same time), asked (the model), passed (the model, since the cache cannot read what is asked).",
		[]string{"model", "outcome"}, nil)}
}

// Describe names the metric.
func (m cacheMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.answers }

// Collect counts.
func (m cacheMetrics) Collect(ch chan<- prometheus.Metric) {
	p := m.app.plant.Load()
	for _, name := range slices.Sorted(maps.Keys(p.caches)) {
		c := p.caches[name].Counts()
		for outcome, n := range map[string]int{"hit": c.Hits, "joined": c.Joined, "asked": c.Asked, "passed": c.Passed} {
			ch <- prometheus.MustNewConstMetric(m.answers, prometheus.CounterValue, float64(n), name, outcome)
		}
	}
}
