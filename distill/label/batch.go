// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

// batchLine is a batch that was handed in, or one that is done with.
type batchLine struct {
	Identity string   `json:"identity"` // of the teacher
	ID       string   `json:"id"`
	Keys     []string `json:"keys,omitempty"`
	Done     bool     `json:"done,omitempty"`
}

// openBatches returns those that are not done with.
func openBatches(lines []*batchLine) []*batchLine {
	var open []*batchLine
	done := map[string]bool{}
	for _, b := range lines {
		if b.Done {
			done[b.Identity+" "+b.ID] = true
		}
	}
	for _, b := range lines {
		if !b.Done && !done[b.Identity+" "+b.ID] {
			open = append(open, b)
		}
	}
	return open
}
