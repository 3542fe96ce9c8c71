// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"context"
	"errors"
	"strings"

	"retort/model"
)

// Account notes on the trail in ctx what the upstream's dialect cannot say of a request, or refuses the request when it
// is strict. The client side of a dialect calls it for every request that it translates; name and table are its own,
// notes what it had to leave out beyond the table, such as a keyword of a schema.
func Account(ctx context.Context, req *model.Request, content *model.Content, name string, table Table, notes ...string) error {
	dropped := append(Unsaid(content, name, table), notes...)
	if len(dropped) == 0 {
		return nil
	}
	if req.Strict {
		return &model.Error{Kind: model.Invalid, Op: "translate request", Field: dropped[0],
			Err:  errors.New("has no counterpart in the " + name + " dialect"),
			Hint: "leave the field out, or do not ask to be strict; fields concerned: " + strings.Join(dropped, ", ")}
	}
	trail := model.TrailOf(ctx)
	for _, field := range dropped {
		trail.Drop(field)
	}
	return nil
}
