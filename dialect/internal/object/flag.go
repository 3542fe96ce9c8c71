// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import (
	"errors"

	"retort/dialect/internal/scan"
)

// ScanFlag reads true, false or null in a scan that keeps nothing. The error is of kind Invalid and names the field.
func ScanFlag(c *scan.Cursor, field string) (bool, error) {
	switch c.Kind() {
	case 't', 'f':
		return c.Bool(), nil
	case 'n':
		c.Null()
		return false, nil
	}
	return false, Mismatch(c, field, "must be true or false")
}

// Mismatch returns the cursor's own fault if it has one by reading on, else that the field is wrong.
func Mismatch(c *scan.Cursor, field, wrong string) error {
	if c.Skip(); c.Err() != nil {
		return Syntax(c.Err())
	}
	return Invalid(field, errors.New(wrong))
}
