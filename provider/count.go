// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"retort/dialect"
	"retort/model"
)

// Counter returns what counts the tokens of requests to one of the upstream's models: the upstream itself. Where it
// cannot, the error is model.ErrUncounted; EstimateTokens is for callers who want a number all the same.
func (p *Provider) Counter(s Spec) model.Counter { return counter{p.upstream(s)} }

type counter struct{ *upstream }

// Count asks the upstream, which may know no such question though its dialect has it.
func (u counter) Count(ctx context.Context, req *model.Request) (int, error) {
	client, ok := u.p.dialect.(dialect.CountClient)
	if !ok {
		return 0, model.ErrUncounted
	}
	n := counting{client: client, req: req}
	err := u.ask(ctx, &n)
	var e *model.Error
	switch {
	case err == nil:
		return n.tokens, nil
	case errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented):
		return 0, fmt.Errorf("%w: %w", model.ErrUncounted, err)
	}
	return 0, err
}

// counting is the errand of a Count.
type counting struct {
	client dialect.CountClient
	req    *model.Request
	tokens int
}

func (n *counting) streams() bool { return false }

func (n *counting) request(ctx context.Context, p *Provider, name string) (*http.Request, error) {
	return n.client.CountRequest(ctx, p.base, name, n.req)
}

func (n *counting) read(c *call, hr *http.Response) error {
	body, err := c.whole(hr)
	if err != nil {
		return err
	}
	if n.tokens, err = n.client.Counted(body); err != nil {
		return err
	}
	c.settle(model.Usage{}) // counting is free
	return nil
}

func (n *counting) guess(int) model.Usage { return model.Usage{} }
