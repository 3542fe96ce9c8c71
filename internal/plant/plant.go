// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package plant builds what a configuration describes: clients of providers, models and blends of them, and desks that answer
// tasks. It hands them out by name, and with them what blends learn by: tunings and feedback.
//
// A plant knows nothing of where tunings, students and traces are kept, of who serves it, or of commands. It is told: a blend
// takes up a tuning, a desk is staffed, copies and audits are recorded by whoever lets it begin. What a name stands for is
// read off the configuration by package origin, without a plant.
package plant

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"retort/compose"
	"retort/internal/config"
	"retort/internal/connect"
	"retort/internal/desk"
	"retort/model"
	"retort/provider"
	"retort/provider/replay"
	"retort/router/rule"
)

// Plant is all that one configuration builds. It lives until the configuration changes, so that connections, caches, breakers
// and limits outlast a promotion.
//
// Its fields are set once New has made it, and none of them is to be changed; what they hold is safe for concurrent use. So are
// its methods, but for Begin, Succeed, End and Close, which belong to whoever lets it serve, and for Refuse, Accept, Lacking and
// LackOf, of which one may run at a time.
type Plant struct {
	Config   *config.Config
	Desks    map[string]*desk.Desk       // by the names of tasks
	Splits   map[string]*compose.Divided // by the names of models
	Tunables map[string]Tunable          // by the names of models

	providers map[string]*provider.Provider
	tapes     map[string][]replay.Recording
	models    map[string]model.Model // by the names of the section models
	shadows   map[string]*compose.Shadowed
	caches    map[string]*compose.Cached
	rules     map[string]*rule.Rules // by the names of routes
	cascades  map[string]*cascade
	refused   map[string]refusal     // by blend or task: what it cannot take up
	prices    map[string]model.Price // by the names of upstreams' models in answers and traces

	meter func(model.Model, model.Price) model.Model // wraps what answers by itself; nil: nothing does
}

// New builds everything in a configuration that has been checked. A meter is put around each model that answers by itself, with
// its price; it may be nil. An error says where in the file the fault is.
func New(cfg *config.Config, meter func(model.Model, model.Price) model.Model) (*Plant, error) {
	p := &Plant{Config: cfg, meter: meter, providers: map[string]*provider.Provider{}, tapes: map[string][]replay.Recording{},
		models: map[string]model.Model{}, Desks: map[string]*desk.Desk{}, shadows: map[string]*compose.Shadowed{},
		caches: map[string]*compose.Cached{}, Splits: map[string]*compose.Divided{}, rules: map[string]*rule.Rules{},
		cascades: map[string]*cascade{}, Tunables: map[string]Tunable{}, refused: map[string]refusal{},
		prices: map[string]model.Price{}}
	p.addPrices()
	for name, c := range cfg.Providers {
		if err := p.addProvider(name, c); err != nil {
			return nil, cfg.Fault("providers", name, err)
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(cfg.Models)), slices.Sorted(maps.Keys(cfg.Tasks))...) {
		if _, err := p.part(name); err != nil {
			return nil, p.place(err)
		}
	}
	return p, nil
}

// fault is what is wrong with a model or task; the key that is to blame begins its text.
type fault struct {
	section, name string
	err           error
}

func (f *fault) Error() string { return f.section + "." + f.name + ": " + f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// faulty says whose fault an error is: that of the innermost model or task that could not be made.
func faulty(section, name string, err error) error {
	var of *fault
	if errors.As(err, &of) {
		return of
	}
	return &fault{section, name, err}
}

// place says where in the file the fault is.
func (p *Plant) place(err error) error {
	var of *fault
	if !errors.As(err, &of) {
		return err
	}
	return p.Config.Fault(of.section, of.name, of.err)
}

// Close lets go of idle connections; requests under way keep theirs.
func (p *Plant) Close() {
	for _, provider := range p.providers {
		provider.Close()
	}
}

func (p *Plant) addProvider(name string, c config.Provider) error {
	if c.Dialect == config.DialectReplay {
		tape, err := readTape(c.File)
		p.tapes[name] = tape
		return err
	}
	made, err := connect.Provider(name, c)
	p.providers[name] = made
	return err
}

// readTape reads a recording.
func readTape(path string) ([]replay.Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	defer f.Close()
	tape, err := replay.Read(f)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return tape, nil
}

// part returns a configured model or task that others may be made of. It builds it, and what it is made of, on first use. The
// configuration has no cycles.
func (p *Plant) part(name string) (model.Model, error) {
	if m, ok := p.models[name]; ok {
		return m, nil
	}
	if d, ok := p.Desks[name]; ok {
		return d, nil
	}
	if c, ok := p.Config.Tasks[name]; ok {
		d, err := p.desk(name, c)
		if err != nil {
			return nil, faulty("tasks", name, err)
		}
		p.Desks[name] = d
		return d, nil
	}
	c, ok := p.Config.Models[name]
	if !ok {
		return nil, fmt.Errorf("no model named %q", name)
	}
	m, err := p.build(name, c)
	if err != nil {
		return nil, faulty("models", name, err)
	}
	p.models[name] = m
	return m, nil
}

// desk makes the desk of a task.
func (p *Plant) desk(name string, c config.Task) (*desk.Desk, error) {
	t, err := c.Contract(name)
	if err != nil {
		return nil, err
	}
	teacher, err := p.Teacher(t, c.Teacher.Lead())
	if err != nil {
		return nil, err
	}
	return desk.New(t, c, teacher)
}

func (p *Plant) build(name string, c config.Model) (model.Model, error) {
	switch {
	case c.Provider != "":
		return p.leaf(name, c), nil
	case c.Cascade != nil:
		return p.cascade(name, c.Cascade)
	case c.Cache != nil:
		return p.cache(name, c.Cache)
	case c.Limit != nil:
		of, err := p.part(c.Limit.Of)
		if err != nil {
			return nil, err
		}
		return compose.Limit(of, compose.Limits{Rate: c.Limit.PerSecond, Burst: c.Limit.Burst,
			Concurrent: c.Limit.Concurrent, By: scopes[c.Limit.By]}), nil
	}
	if m, err := p.blend(name, &c); m != nil || err != nil {
		return m, err
	}
	return nil, errors.New("it does not say what it is made of")
}

// scopes maps who is counted apart, in the configuration's words, to those of package compose.
var scopes = map[string]compose.Scope{config.ByKey: compose.ByKey, config.ByTenant: compose.ByTenant, config.ByAll: compose.ByModel}

func (p *Plant) leaf(alias string, c config.Model) model.Model {
	name := c.Name
	if name == "" {
		name = alias
	}
	price := model.Price(c.Price)
	m := p.bare(name, c, price)
	if p.meter != nil {
		m = p.meter(m, price)
	}
	return m
}

func (p *Plant) bare(name string, c config.Model, price model.Price) model.Model {
	if tape, ok := p.tapes[c.Provider]; ok {
		recorded := p.Config.Providers[c.Provider].Latency == "recorded"
		return replay.New(tape, replay.Options{Name: c.Provider + "/" + name, Latency: recorded, Price: price})
	}
	return p.providers[c.Provider].Model(provider.Spec{Name: name, Price: price})
}
