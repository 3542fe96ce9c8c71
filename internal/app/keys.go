// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/internal/store"
	"retort/model"
)

// CreateKey makes an API key and returns its secret, which nothing keeps. One that manages may end and resume runs over HTTP too.
func (a *App) CreateKey(ctx context.Context, name string, manages bool) (store.Key, string, error) {
	return a.store.CreateKey(ctx, model.DefaultTenant, name, manages)
}

// Keys returns all API keys, revoked ones included.
func (a *App) Keys(ctx context.Context) ([]store.Key, error) {
	return a.store.ListKeys(ctx, model.DefaultTenant)
}

// RevokeKey makes the API key with an id, or with a name that one key alone has of those that are not revoked, invalid for
// good, and returns it.
func (a *App) RevokeKey(ctx context.Context, id string) (store.Key, error) {
	keys, err := a.Keys(ctx)
	if err != nil {
		return store.Key{}, err
	}
	key := store.Key{ID: id}
	for _, k := range keys {
		if k.ID == id || k.Name == id && k.Revoked == nil {
			if key = k; k.ID == id {
				break // an id goes before a name
			}
		}
	}
	return key, a.store.RevokeKey(ctx, model.DefaultTenant, key.ID)
}
