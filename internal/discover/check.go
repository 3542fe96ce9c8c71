// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"retort/internal/config"
	"retort/internal/connect"
	"retort/model"
	"retort/provider"
)

// checkTime is how long a server may take to list its models and to answer; one on this machine may have to load one.
const checkTime = time.Minute

// Check asks each server one real question, all at the same time, and notes what came of it in Servers. When the first
// model tried does not exist or does not chat, another two are tried. done is told of each server in order.
func (f *Findings) Check(ctx context.Context, env Env, done func(*Server)) {
	checked := make([]chan struct{}, len(f.Servers))
	var all sync.WaitGroup
	for i := range f.Servers {
		checked[i] = make(chan struct{})
		all.Go(func() {
			defer close(checked[i])
			f.Servers[i].check(ctx, env)
		})
	}
	for i := range f.Servers {
		<-checked[i]
		done(&f.Servers[i])
	}
	all.Wait()
}

func (s *Server) check(ctx context.Context, env Env) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	p, err := s.provider(env)
	if err != nil {
		s.Err = err
		return
	}
	defer p.Close()
	if len(s.Models) == 0 {
		names, err := p.ListModels(ctx)
		if err != nil {
			s.Err = err
			return
		}
		if s.Models = chatModels(names); len(s.Models) == 0 {
			s.Err = fmt.Errorf("none of its %d models seems to chat", len(names))
			return
		}
	}
	s.Err = s.ask(ctx, p)
}

// provider makes the server's provider as the written configuration would, but for its patience.
func (s *Server) provider(env Env) (*provider.Provider, error) {
	w := &page{}
	w.line("providers:")
	w.settings("checked", s, "  ")
	cfg, err := config.Parse("retort.yaml", []byte(w.String()), env)
	if err != nil {
		return nil, err
	}
	c := cfg.Providers["checked"]
	c.Retries, c.Breaker.Off = nil, true
	return connect.Provider(s.Name, c)
}

// ask puts the question to up to three models.
func (s *Server) ask(ctx context.Context, p *provider.Provider) error {
	var failed []error
	for _, name := range s.Models[:min(3, len(s.Models))] {
		start := time.Now()
		req := model.NewRequest(name, model.Prompt("Answer with the single word: ready"))
		_, err := p.Model(provider.Spec{Name: name}).Generate(ctx, req, model.Discard)
		if err == nil {
			s.Model, s.Took = name, time.Since(start)
			return nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", name, err))
		if kind := model.KindOf(err); kind != model.NotFound && kind != model.Invalid && kind != model.Forbidden {
			break // another model will not do better
		}
	}
	return errors.Join(failed...)
}
