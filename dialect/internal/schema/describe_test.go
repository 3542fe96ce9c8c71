// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"testing"
)

func TestDescribe(t *testing.T) {
	for raw, want := range map[string]string{
		` {"type":"object"}`:  ` {"description":"a \"city\"","type":"object"}`,
		`{}`:                  `{"description":"a \"city\""}`,
		`{"description":"b"}`: `{"description":"b"}`,
		`true`:                `true`,
		`{"type":`:            `{"type":`,
		``:                    ``,
	} {
		if got := Describe(json.RawMessage(raw), `a "city"`); string(got) != want {
			t.Errorf("%s became %s, want %s", raw, got, want)
		}
		if got := Describe(json.RawMessage(raw), ""); string(got) != raw {
			t.Errorf("without a description %s became %s", raw, got)
		}
	}
}
