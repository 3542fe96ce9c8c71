// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model_test

import (
	"testing"

	"retort/model"
)

// Small amounts are never a power of ten.
func TestAppendDollars(t *testing.T) {
	for usd, want := range map[float64]string{0: "0", 0.000001: "0.000001", 0.0000123: "0.000012", 0.0004: "0.0004", 0.006: "0.006", 0.0123: "0.012",
		0.5: "0.5", 0.996: "1", 1: "1.00", 123.456: "123.46", -0.00002: "-0.00002", 1e-30: "0"} {
		if got := string(model.AppendDollars(nil, usd)); got != want {
			t.Errorf("%v: got %s, want %s", usd, got, want)
		}
	}
}
