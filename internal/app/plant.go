// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

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

// plant is all that one configuration file builds: it lives until the file changes, so that connections, caches,
// breakers and limits outlast a promotion.
type plant struct {
	config    *config.Config
	providers map[string]*provider.Provider
	tapes     map[string][]replay.Recording
	models    map[string]model.Model // by the names of the section models
	tasks     map[string]*desk.Desk
	shadows   map[string]*compose.Shadowed
	caches    map[string]*compose.Cached
	splits    map[string]*compose.Divided
	rules     map[string]*rule.Rules // by the names of routes
	cascades  map[string]*cascade
	tunables  map[string]tunable     // blends, by their names
	refused   map[string]refusal     // by blend or task: what it cannot take up; guarded as plant changes are
	prices    map[string]model.Price // by the names of upstreams' models in answers and traces

	meter func(model.Model, model.Price) model.Model // wraps what answers by itself; nil: nothing does
}

// newPlant builds everything in a configuration that has been checked.
func newPlant(cfg *config.Config) (*plant, error) { return buildPlant(cfg, nil) }

// buildPlant is newPlant with something around each model that answers by itself.
func buildPlant(cfg *config.Config, meter func(model.Model, model.Price) model.Model) (*plant, error) {
	p := &plant{config: cfg, meter: meter, providers: map[string]*provider.Provider{}, tapes: map[string][]replay.Recording{},
		models: map[string]model.Model{}, tasks: map[string]*desk.Desk{}, shadows: map[string]*compose.Shadowed{},
		caches: map[string]*compose.Cached{}, splits: map[string]*compose.Divided{}, rules: map[string]*rule.Rules{},
		cascades: map[string]*cascade{}, tunables: map[string]tunable{}, refused: map[string]refusal{},
		prices: map[string]model.Price{}}
	p.addPrices()
	for name, c := range cfg.Providers {
		if err := p.addProvider(name, c); err != nil {
			return nil, cfg.Fault("providers", name, err)
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(cfg.Models)), slices.Sorted(maps.Keys(cfg.Tasks))...) {
		if _, err := p.model(name); err != nil {
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
func (p *plant) place(err error) error {
	var of *fault
	if !errors.As(err, &of) {
		return err
	}
	return p.config.Fault(of.section, of.name, of.err)
}

// close lets go of idle connections; requests under way keep theirs.
func (p *plant) close() {
	for _, provider := range p.providers {
		provider.Close()
	}
}

func (p *plant) addProvider(name string, c config.Provider) error {
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

// model returns a configured model or task, building it and what it is made of on first use. The configuration has no
// cycles.
func (p *plant) model(name string) (model.Model, error) {
	if m, ok := p.models[name]; ok {
		return m, nil
	}
	if d, ok := p.tasks[name]; ok {
		return d, nil
	}
	if c, ok := p.config.Tasks[name]; ok {
		d, err := p.desk(name, c)
		if err != nil {
			return nil, faulty("tasks", name, err)
		}
		p.tasks[name] = d
		return d, nil
	}
	c, ok := p.config.Models[name]
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
func (p *plant) desk(name string, c config.Task) (*desk.Desk, error) {
	t, err := c.Contract(name)
	if err != nil {
		return nil, err
	}
	teacher, err := p.teacher(t, c.Teacher.Lead())
	if err != nil {
		return nil, err
	}
	return desk.New(t, c, teacher)
}

func (p *plant) build(name string, c config.Model) (model.Model, error) {
	switch {
	case c.Provider != "":
		return p.leaf(name, c), nil
	case c.Cascade != nil:
		return p.cascade(name, c.Cascade)
	case c.Cache != nil:
		return p.cache(name, c.Cache)
	case c.Limit != nil:
		of, err := p.model(c.Limit.Of)
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

func (p *plant) leaf(alias string, c config.Model) model.Model {
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

func (p *plant) bare(name string, c config.Model, price model.Price) model.Model {
	if tape, ok := p.tapes[c.Provider]; ok {
		recorded := p.config.Providers[c.Provider].Latency == "recorded"
		return replay.New(tape, replay.Options{Name: c.Provider + "/" + name, Latency: recorded, Price: price})
	}
	return p.providers[c.Provider].Model(provider.Spec{Name: name, Price: price})
}
