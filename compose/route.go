// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"fmt"

	"retort/model"
)

// Chooser decides which models answer requests. It is safe for concurrent use, does no I/O and is quick: the request
// waits for it.
type Chooser interface {
	// Choose returns who answers a request. The error, of a request that cannot be read or that nobody is meant for, is
	// returned to the caller. req is neither modified nor kept.
	Choose(ctx context.Context, req *model.Request) (Choice, error)
}

// Choice is who answers a request.
type Choice struct {
	Order []int  // places of models, the first to ask first; not empty, and not modified
	Why   string // for the trace

	// Answered, unless nil, is called once when a model has answered: with its place and the response, which it neither
	// modifies nor keeps.
	Answered func(place int, resp *model.Response)
}

// Routing says how Route works; the zero value is ready to use.
type Routing struct {
	Name     string                   // of the route, for traces
	Estimate func(*model.Content) int // about how many input tokens a request has; nil: nobody's context matters
}

// Route returns a model that has a chooser decide, before anything is asked, which of several models answers a request.
//
//	models:
//	  auto:  {route: {among: [fast, smart], by: learned, quality: 0.95}}
//	  ruled: {route: {rules: [{when: tokens > 8000, use: roomy}, {use: fast}]}}
//
// The first of the order answers. When it fails, the others are asked as FallbackAmong would, in the order of the choice: after errors for
// which another model may help, before the answer has begun, passing over those that cannot hold the request. A choice of
// one model leaves it at that.
//
// What was chosen, and why, is on the trail; and who answered instead, if another did.
func Route(among []Alternative, chooser Chooser, how Routing) model.Model {
	return &route{chooser: chooser, name: how.Name, ask: newFallback(among, how.Estimate)}
}

type route struct {
	chooser Chooser
	name    string
	ask     *fallback
}

var errNobody = errors.New("the route chose no model")

// Generate asks the models of the choice.
func (r *route) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	choice, err := r.chooser.Choose(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := r.check(choice.Order); err != nil {
		return nil, err
	}
	first := &r.ask.among[choice.Order[0]]
	model.TrailOf(ctx).Pick(model.Pick{Blend: r.name, Model: first.Name, Why: choice.Why})
	var resp *model.Response
	place := choice.Order[0]
	if len(choice.Order) == 1 {
		resp, err = first.Model.Generate(ctx, req, emit)
	} else {
		resp, place, err = r.ask.inTurn(ctx, req, emit, choice.Order)
	}
	if err != nil {
		return nil, err
	}
	if other := &r.ask.among[place]; other != first {
		model.TrailOf(ctx).Pick(model.Pick{Blend: r.name, Model: other.Name, Why: "instead of " + first.Name})
	}
	if choice.Answered != nil {
		choice.Answered(place, resp)
	}
	return resp, nil
}

// check refuses an order that names no model, or one that there is not.
func (r *route) check(order []int) error {
	if len(order) == 0 {
		return &model.Error{Kind: model.Internal, Op: "route", Err: errNobody}
	}
	for _, place := range order {
		if place < 0 || place >= len(r.ask.among) {
			return &model.Error{Kind: model.Internal, Op: "route", Err: fmt.Errorf("there is no model at place %d", place)}
		}
	}
	return nil
}
