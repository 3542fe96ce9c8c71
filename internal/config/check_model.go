// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"
	"strings"
)

// kindsOfModel are the keys of which a model has exactly one.
var kindsOfModel = []string{"provider", "fallback", "balance", "hedge", "split", "route", "ensemble", "shadow", "cascade", "cache", "limit"}

// given returns which of kindsOfModel are set.
func (m *Model) given() []string {
	set := map[string]bool{
		"provider": m.Provider != "", "fallback": m.Fallback != nil, "balance": m.Balance != nil, "hedge": m.Hedge != nil,
		"split": m.Split != nil, "route": m.Route != nil, "ensemble": m.Ensemble != nil,
		"shadow": m.Shadow != nil, "cascade": m.Cascade != nil, "cache": m.Cache != nil, "limit": m.Limit != nil,
	}
	return slices.DeleteFunc(slices.Clone(kindsOfModel), func(k string) bool { return !set[k] })
}

func (c *Config) checkModel(d *decoder, path, name string, m *Model) {
	switch given := m.given(); {
	case len(given) == 0:
		d.fail(path, "does not say what it is; give one of %s", strings.Join(kindsOfModel, ", "))
	case len(given) > 1:
		d.fail(path, "has %s; a model has exactly one of them", quoted(given))
	}
	if m.Provider != "" {
		c.checkUpstream(d, path, m)
	} else {
		for key, set := range map[string]bool{
			"name": m.Name != "", "price": m.Price != Price{}, "distillation": m.Distillation != Distillation{},
			"context": m.Context != 0, "abilities": m.Abilities != nil, "embeds": m.Embeds,
		} {
			if set {
				d.fail(join(path, key), "belongs to a model with a provider")
			}
		}
	}
	for _, r := range m.refs() {
		c.checkRef(d, path+"."+r.field, r.name)
	}
	m.checkBlend(d, path)
	if m.Cascade != nil {
		m.Cascade.check(d, path+".cascade", c.Tasks)
	}
	if m.Cache != nil {
		m.Cache.check(d, path+".cache")
	}
	if m.Limit != nil {
		m.Limit.check(d, path+".limit")
	}
}

func (c *Config) checkUpstream(d *decoder, path string, m *Model) {
	if _, ok := c.Providers[m.Provider]; !ok {
		d.fail(path+".provider", "no provider named %q%s", m.Provider, suggest(m.Provider, slices.Collect(maps.Keys(c.Providers))))
	}
	for key, usd := range map[string]float64{"input": m.Price.Input, "output": m.Price.Output, "cached": m.Price.Cached, "write": m.Price.Write} {
		if usd < 0 {
			d.fail(path+".price."+key, "a price cannot be negative")
		} else if usd > 1e6 {
			d.fail(path+".price."+key, "%.0f is no price in US dollars per million tokens", usd)
		}
	}
	if m.Context < 0 || m.Context > 1e9 {
		d.fail(path+".context", "%d is no number of tokens", m.Context)
	}
	if m.Embeds && len(m.Abilities) > 0 {
		d.fail(path+".abilities", "a model that makes vectors answers nothing")
	}
	if m.Embeds && c.Providers[m.Provider].Dialect == DialectReplay {
		d.fail(path+".embeds", "a recording has no vectors")
	}
}

// checkRef notes a name that is neither a model nor a task.
func (c *Config) checkRef(d *decoder, path, name string) {
	m, isModel := c.Models[name]
	if isModel && m.Embeds {
		d.fail(path, "the model %q makes vectors (embeds: true); name one that answers", name)
	}
	_, isTask := c.Tasks[name]
	if isModel || isTask || name == "" {
		return // an empty one is missing, which is noted elsewhere
	}
	known := slices.AppendSeq(slices.Collect(maps.Keys(c.Models)), maps.Keys(c.Tasks))
	d.fail(path, "no model named %q%s", name, suggest(name, known))
}

func (c *Cache) check(d *decoder, path string) {
	if c.TTL <= 0 {
		d.fail(path+".ttl", "must be above zero")
	}
	if c.MaxBytes <= 0 {
		d.fail(path+".max_bytes", "must be above zero")
	}
}

func (l *Limit) check(d *decoder, path string) {
	checkRate(d, path, l.PerSecond, l.Burst, l.Concurrent)
	if l.PerSecond == 0 && l.Concurrent == 0 {
		d.fail(path, "limits nothing; give per_second or concurrent")
	}
}

func (c *Config) checkTask(d *decoder, path, name string, t *Task) {
	c.checkTeachers(d, path+".teacher", t.Teacher)
	t.checkShape(d, path)
	t.Audit.check(d, path+".audit")
	c.checkWheel(d, path, t)
	if t.Similar != nil {
		t.Similar.check(d, path+".similar")
	}
	if _, err := t.Contract(name); err != nil && complete(t.Examples) && d.places[path+".output"] != nil {
		field, message, _ := strings.Cut(err.Error(), ": ")
		d.fail(path+"."+field, "%s", message)
	}
}

// checkShape notes what is wrong with single fields.
func (t *Task) checkShape(d *decoder, path string) {
	for key, share := range map[string]float64{"agreement": t.Agreement, "confidence": t.Confidence} {
		if share <= 0 || share >= 1 {
			d.fail(join(path, key), "%v is not between 0 and 1; write a share such as 0.95", share)
		}
	}
	if share := t.Student.FalseAlarms; !(share >= 0 && share <= 0.5) {
		d.fail(path+".student.false_alarms", "%v is not from 0 to 0.5; write a share such as 0.05", share)
	}
	if len(t.Output.Enum) == 1 {
		d.fail(join(join(path, "output"), "enum"), "one label leaves nothing to decide; give two or more")
	}
}

// checkTeachers notes teachers that are none, or named twice.
func (c *Config) checkTeachers(d *decoder, path string, teachers Teachers) {
	for i, name := range teachers {
		at := path
		if len(teachers) > 1 {
			at = index(path, i)
		}
		if name == "" {
			d.fail(at, "is empty; name a model")
		}
		c.checkRef(d, at, name)
		if slices.Index(teachers, name) < i && name != "" {
			d.fail(at, "%q is named twice; ask a teacher several times with retort distill --votes", name)
		}
	}
	if teachers != nil && len(teachers) == 0 {
		d.fail(path, "the list is empty; name a model")
	}
}

// complete reports whether no example lacks a field, which is noted elsewhere.
func complete(examples []Example) bool {
	return !slices.ContainsFunc(examples, func(ex Example) bool { return ex.Input == "" || ex.Output.IsZero() })
}
