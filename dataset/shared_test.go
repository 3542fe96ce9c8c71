// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset_test

import (
	"path/filepath"
	"testing"

	"retort/dataset"
	"retort/internal/shareddata"
)

// TestPublicDataSets reads files that others made, without being told where the examples are.
func TestPublicDataSets(t *testing.T) {
	dir := shareddata.Dir(t)
	tests := []struct {
		file   string
		want   dataset.Columns
		rows   int
		labels int
	}{
		{"banking77/train.csv", dataset.Columns{Input: "text", Label: "category"}, 10003, 77},
		{"banking77/test.csv", dataset.Columns{Input: "text", Label: "category"}, 3080, 77},
		{"clinc150/data_full.csv", dataset.Columns{Input: "text", Label: "intent"}, 23700, 151},
		{"headlines/train.csv", dataset.Columns{Input: "headline", Label: "label"}, 5000, 4},
		{"snips_nlu/snips.jsonl.gz", dataset.Columns{Input: "text", Label: "intent"}, 14484, 7},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			set, err := dataset.ReadFile(filepath.Join(dir, filepath.FromSlash(test.file)), dataset.Columns{})
			if err != nil {
				t.Fatal(err)
			}
			if set.Columns != test.want {
				t.Errorf("columns %+v, want %+v", set.Columns, test.want)
			}
			if got := len(set.Examples) + set.Skipped.Rows(); got != test.rows {
				t.Errorf("%d rows, want %d", got, test.rows)
			}
			labels := map[string]bool{}
			for _, ex := range set.Examples {
				labels[ex.Label] = true
			}
			if len(labels) != test.labels {
				t.Errorf("%d labels, want %d", len(labels), test.labels)
			}
			unique, report := dataset.Dedupe(set.Examples)
			if report.Distinct != len(unique) || report.RepeatsAgreeing > report.Repeats {
				t.Errorf("report %+v for %d distinct examples", report, len(unique))
			}
			t.Logf("%d examples, %d distinct, %d skipped, %d duplicates, %d contradictory, %d set aside, repeats %d of %d agree",
				len(set.Examples), len(unique), set.Skipped.Rows(), report.Duplicates, report.Contradictory, report.SetAside, report.RepeatsAgreeing, report.Repeats)
		})
	}
}
