// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"retort/compose"
	"retort/internal/config"
	"retort/internal/desk"
	"retort/model"
	"retort/router/rule"
)

func (p *Plant) cache(name string, c *config.Cache) (model.Model, error) {
	of, err := p.part(c.Of)
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

// varies returns what answers of a model depend on beside what the request says: the champions of the tasks behind it,
// whose promotion makes earlier answers those of another student; the tunings in use and the arms that have won; the rules
// that hold, which may go by what the cache does not look at; and the key where something goes by the key. All behind it
// has been built.
func (p *Plant) varies(name string) func(*model.Request) string {
	var b behind
	p.look(name, &b, map[string]bool{})
	return b.state
}

// behind is what stands behind a cache and may change its answers.
type behind struct {
	desks    []*desk.Desk
	tunables []Tunable
	splits   []*compose.Divided
	rules    []*rule.Rules
	byKey    bool
}

// look notes what stands behind a model, itself included.
func (p *Plant) look(name string, b *behind, seen map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	if d := p.Desks[name]; d != nil {
		b.desks = append(b.desks, d)
		p.look(d.Config.Teacher.Lead(), b, seen)
		return
	}
	c := p.Config.Models[name]
	b.byKey = b.byKey || c.Split != nil && c.Split.By == config.ByKey || c.Balance != nil && c.Balance.Sticky == config.ByKey
	if t := p.Tunables[name]; t != nil {
		b.tunables = append(b.tunables, t)
	}
	if s := p.Splits[name]; s != nil {
		b.splits = append(b.splits, s)
	}
	if r := p.rules[name]; r != nil {
		b.rules = append(b.rules, r)
	}
	for _, ref := range c.Refs() {
		p.look(ref, b, seen)
	}
}

// state returns how things stand for a request.
func (b *behind) state(req *model.Request) string {
	var who strings.Builder
	note := func(s string) {
		who.WriteString(s)
		who.WriteByte(0)
	}
	for _, d := range b.desks {
		note(d.Now().Champion)
	}
	for _, t := range b.tunables {
		note(t.Tuned())
	}
	for _, s := range b.splits {
		note(s.Winner())
	}
	for _, r := range b.rules {
		first, err := r.First(req)
		if err != nil {
			first = -1 // the request cannot be read, and will be refused
		}
		note(strconv.Itoa(first))
	}
	if b.byKey {
		note(req.Key)
	}
	return who.String()
}

// cacheMetrics counts where the answers of the caches that are served came from. A reload begins anew.
type cacheMetrics struct {
	now     func() *Plant
	answers *prometheus.Desc
}

func newCacheMetrics(now func() *Plant) cacheMetrics {
	return cacheMetrics{now, prometheus.NewDesc("retort_cache_answers_total",
		"Requests to caches by where the answer came from: hit (memory), joined (the model, asked for another caller at the same time), asked (the model), passed (the model, since the cache cannot read what is asked).",
		[]string{"model", "outcome"}, nil)}
}

// Describe names the metric.
func (m cacheMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.answers }

// Collect counts.
func (m cacheMetrics) Collect(ch chan<- prometheus.Metric) {
	p := m.now()
	for _, name := range slices.Sorted(maps.Keys(p.caches)) {
		c := p.caches[name].Counts()
		for outcome, n := range map[string]int{"hit": c.Hits, "joined": c.Joined, "asked": c.Asked, "passed": c.Passed} {
			ch <- prometheus.MustNewConstMetric(m.answers, prometheus.CounterValue, float64(n), name, outcome)
		}
	}
}
