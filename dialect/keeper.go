// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"context"

	"retort/model"
)

// Keeper is a Server that keeps what it answered, for requests that refer to it. What it keeps belongs to tenants.
type Keeper interface {
	// Recall returns req with what it refers to put in its place; req itself where it refers to nothing that is kept.
	// It is called once req says whose it is, and before anything else reads it. Errors are of kind Invalid and name
	// the field.
	Recall(req *model.Request) (*model.Request, error)
}

type tenantKey struct{}

// WithTenant returns the context of a request that a tenant makes, as Route.Say finds it.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// TenantOf returns who makes the request of a context: the default tenant where nobody is named.
func TenantOf(ctx context.Context) string {
	if tenant, ok := ctx.Value(tenantKey{}).(string); ok && tenant != "" {
		return tenant
	}
	return model.DefaultTenant
}
