// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"math"
	"strings"
	"time"
)

// checkBlend notes what is wrong with the blend that a model is.
func (m *Model) checkBlend(d *decoder, path string) {
	m.checkFallback(d, path+".fallback")
	if m.Balance != nil {
		m.Balance.check(d, path+".balance")
	}
	if m.Hedge != nil {
		m.Hedge.check(d, path+".hedge")
	}
	if m.Split != nil {
		m.Split.check(d, path+".split")
	}
	if m.Route != nil {
		m.Route.check(d, path+".route")
	}
	if m.Ensemble != nil {
		m.Ensemble.check(d, path+".ensemble")
	}
	if m.Shadow != nil {
		m.Shadow.check(d, path+".shadow")
	}
}

func (m *Model) checkFallback(d *decoder, path string) {
	if m.Fallback == nil {
		return
	}
	names := make([]string, len(m.Fallback))
	for i, a := range m.Fallback {
		names[i] = a.Model
		if a.On != nil && len(a.On) == 0 {
			d.fail(index(path, i)+".on", "is empty, so that the model is never asked; name kinds of errors, or leave it out")
		}
	}
	if len(m.Fallback) > 0 && m.Fallback[0].On != nil {
		d.fail(index(path, 0)+".on", "the first model is always asked; a rule belongs to one after it")
	}
	checkList(d, path, names)
}

// checkList notes what is wrong with a list of models of which each is asked.
func checkList(d *decoder, path string, names []string) {
	if len(names) < 2 && d.places[path] != nil { // a missing list is noted elsewhere
		d.fail(path, "needs two models or more")
	}
	seen := map[string]int{}
	for i, name := range names {
		if name == "" {
			d.fail(index(path, i), "the name is empty")
		} else if first, twice := seen[name]; twice {
			d.fail(index(path, i), "%q stands already at %s", name, index(path, first))
		} else {
			seen[name] = i
		}
	}
}

func (b *Balance) check(d *decoder, path string) {
	names := make([]string, len(b.Among))
	for i := range b.Among {
		m := &b.Among[i]
		names[i] = m.Model
		checkRate(d, index(path+".among", i), m.PerSecond, m.Burst, m.Concurrent)
	}
	checkList(d, path+".among", names)
	if b.Weights != nil && len(b.Weights) != len(b.Among) {
		d.fail(path+".weights", "has %d weights for %d models; give each one", len(b.Weights), len(b.Among))
	}
	for i, w := range b.Weights {
		if w <= 0 || w > 1e6 {
			d.fail(index(path+".weights", i), "%v is not above 0 and at most 1000000", w)
		}
	}
	if b.Sticky != "" {
		checkUnit(d, path+".sticky", b.Sticky, []string{"conversation", "user", "key", "tenant"})
	}
	if b.CoolDown <= 0 {
		d.fail(path+".cool_down", "must be above zero")
	}
}

// checkRate notes limits that make no sense.
func checkRate(d *decoder, path string, perSecond float64, burst, concurrent int) {
	if perSecond < 0 {
		d.fail(path+".per_second", "cannot be negative")
	}
	if concurrent < 0 {
		d.fail(path+".concurrent", "cannot be negative")
	}
	if burst < 0 {
		d.fail(path+".burst", "cannot be negative")
	}
	if burst > 0 && perSecond == 0 {
		d.fail(path+".burst", "belongs to per_second")
	}
}

// checkUnit notes a unit that there is not.
func checkUnit(d *decoder, path, unit string, units []string) {
	if field, ok := strings.CutPrefix(unit, "metadata."); ok {
		if field == "" {
			d.fail(path, "the name of the field is missing; write metadata.FIELD")
		}
		return
	}
	d.choice(path, unit, append(units, "metadata.FIELD"))
}

func (h *Hedge) check(d *decoder, path string) {
	if _, _, err := h.Late(); err != nil {
		d.fail(path+".after", "%v", err)
	}
	if h.AtMost <= 0 || h.AtMost > 1 {
		d.fail(path+".at_most", "%v is not above 0 and at most 1; write a share such as 0.05", h.AtMost)
	}
}

func (s *Split) check(d *decoder, path string) {
	if s.By != "" {
		checkUnit(d, path+".by", s.By, []string{"tenant", "key", "user", "conversation", "request"})
	}
	if len(s.Arms) == 1 {
		d.fail(path+".arms", "needs two models or more")
	}
	sum := 0.0
	for name, weight := range s.Arms {
		sum += max(0, weight)
		if weight < 0 || weight > 1e6 {
			d.fail(join(path+".arms", name), "%v is not from 0 to 1000000", weight)
		}
	}
	switch {
	case len(s.Arms) == 0:
	case sum == 0:
		d.fail(path+".arms", "no arm has a share above 0")
	case len(s.Arms) > 1 && math.Abs(sum-1) > 0.001: // thirds are written with few digits
		d.fail(path+".arms", "the shares sum to %.4g, not to 1; write such as 0.9 and 0.1", sum)
	}
	s.checkOutcome(d, path)
}

// checkOutcome notes an experiment that could say nothing.
func (s *Split) checkOutcome(d *decoder, path string) {
	if r := s.Range; r != nil && (len(r) != 2 || !(r[0] < r[1]) || r[1]-r[0] > 1e12) {
		d.fail(path+".range", "write the lowest and the highest rating, such as [1, 5]")
	}
	if s.Window < 0 || s.Window > maxWindow {
		d.fail(path+".window", "is not from 0s to %v", maxWindow)
	}
	if !(s.Margin > 0 && s.Margin < 1) {
		d.fail(path+".margin", "%v is not between 0 and 1", s.Margin)
	}
	if !(s.Confidence >= 0.5 && s.Confidence < 1) {
		d.fail(path+".confidence", "%v is not from 0.5 to below 1", s.Confidence)
	}
}

// maxWindow bounds how long outcomes are waited for.
const maxWindow = 90 * 24 * Duration(time.Hour)

func (s *Shadow) check(d *decoder, path string) {
	if s.Model == s.CopyTo && s.Model != "" {
		d.fail(path+".copy_to", "is the same model as model")
	}
	if s.Share <= 0 || s.Share > 1 {
		d.fail(path+".share", "%v is not above 0 and at most 1", s.Share)
	}
	if _, _, err := s.Rate(); err != nil {
		d.fail(path+".at_most", "%v", err)
	}
	if s.Concurrent < 1 {
		d.fail(path+".concurrent", "must be above zero")
	}
	if s.PerDay < 0 || s.PerDay > 1e6 {
		d.fail(path+".per_day", "%v is no amount of US dollars for a day", s.PerDay)
	}
	if s.Timeout <= 0 {
		d.fail(path+".timeout", "must be above zero")
	}
}
