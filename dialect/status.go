// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"errors"

	"retort/model"
)

// StatusOf returns the HTTP status that says err: what its method HTTPStatus returns where one in its chain has it, else
// that of its kind. Dialects whose errors repeat the status write this one.
func StatusOf(err error) int {
	var own interface{ HTTPStatus() int }
	if errors.As(err, &own) {
		return own.HTTPStatus()
	}
	return model.KindOf(err).Policy().Status
}
