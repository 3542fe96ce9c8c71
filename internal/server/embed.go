// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"

	"retort/dialect"
	"retort/model"
)

// embed answers a request for vectors.
func (c *call) embed(d dialect.EmbedServer, body []byte, caller Key) int {
	strict, err := strictness(c.r.Header)
	if err != nil {
		return c.fail(err)
	}
	req, err := d.EmbedRequest(c.r, body)
	if err != nil {
		return c.fail(err)
	}
	snap := c.server.current()
	defer snap.done()
	m, name, err := snap.find(req.Model)
	if err != nil {
		return c.fail(err)
	}
	c.metrics = c.server.metrics.of(name)
	if m.Embedder == nil {
		return c.fail(wrongUse(name, "makes no vectors", "embeddings come from models whose provider has them"))
	}
	req.Model, req.Strict, req.Tenant, req.Key, req.Trace = name, strict, caller.Tenant, caller.ID, c.trace
	ctx := model.WithTrail(c.r.Context(), &c.trail)
	e, err := m.Embedder.Embed(ctx, req)
	if err != nil {
		return c.failAnswer(ctx, err)
	}
	text, err := d.Embedded(req, e)
	if err != nil {
		return c.fail(err)
	}
	_, cost := c.trail.Total()
	c.headers("application/json", e.Model)
	c.set("Retort-Cost", 3, cost.String())
	c.server.writeBody(c.w, text)
	return http.StatusOK
}
