// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/internal/store"
	"retort/model"
)

// CreateKey makes an API key and returns its secret, which nothing keeps.
func (a *App) CreateKey(ctx context.Context, name string) (store.Key, string, error) {
	return a.store.CreateKey(ctx, model.DefaultTenant, name)
}

// Keys returns all API keys, revoked ones included.
func (a *App) Keys(ctx context.Context) ([]store.Key, error) {
	return a.store.ListKeys(ctx, model.DefaultTenant)
}

// RevokeKey makes an API key invalid for good.
func (a *App) RevokeKey(ctx context.Context, id string) error {
	return a.store.RevokeKey(ctx, model.DefaultTenant, id)
}
