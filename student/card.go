// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"maps"
	"slices"
	"time"

	"retort/eval/certify"
)

// FormatVersion is the version of the file format that this package writes.
const FormatVersion = 2

// Card says what a student is and where it comes from. It lies in the student's file as JSON.
type Card struct {
	Format   int      `json:"format"` // FormatVersion of the writer
	Task     string   `json:"task"`
	Labels   []string `json:"labels"`           // the contract, in the order of Distribution; empty for an Extractor
	Schema   *Schema  `json:"schema,omitempty"` // the contract of an Extractor
	Examples int      `json:"examples"`         // it was trained on
	// DataHash is "sha256:" and the hex digest of the examples in their order, see HashExamples.
	DataHash string   `json:"data_hash"`
	Dataset  string   `json:"dataset,omitempty"`  // the version that held them, as NAME@VERSION; set by the caller
	Teachers []string `json:"teachers,omitempty"` // names of the models that labelled the examples; set by the caller
	// Terms says of each of Teachers what is known of whether its answers may be learned from: "allowed", "unknown" or
	// "recorded"; nil where the examples came with their labels. Set by the caller.
	Terms   map[string]string `json:"terms,omitempty"`
	Created time.Time         `json:"created,omitzero"` // set by the caller
	// Metrics are figures about the student by name, such as "accuracy"; Train sets those with the prefix "cross_fit_".
	Metrics map[string]float64 `json:"metrics,omitempty"`
	// Certificate says at which scores the student may answer; nil when nobody tried to certify it.
	Certificate *certify.Certificate `json:"certificate,omitempty"`
	// Fields says the same of single fields of an object, in the schema's order, each of its values alone; nil of labels, and of
	// students made before fields were certified.
	Fields   []FieldCertificate `json:"fields,omitempty"`
	Training TrainingConfig     `json:"training"`
	// Novelty says which texts are unlike those of the training, and whether the student answers them; nil: it was not measured.
	Novelty *Novelty `json:"novelty,omitempty"`
}

// FieldCertificate says at which of its scores the value of a field may be relied on: among the answers that hold one. Where a
// card has several, they hold all at once with the confidence of the card's Certificate, since each has its share of what is left
// of it (C. E. Bonferroni, 1936).
type FieldCertificate struct {
	Field string `json:"field"`
	certify.Certificate
}

// TrainingConfig is how a student was trained: enough to do it again.
type TrainingConfig struct {
	Seed     uint64             `json:"seed"`
	Effort   Effort             `json:"effort"`
	Folds    int                `json:"folds"`
	Features int                `json:"features"` // n-grams in the dictionary
	Unseen   []string           `json:"unseen_labels,omitempty"`
	Settings map[string]float64 `json:"settings,omitempty"` // hyper-parameters by name
}

// clone returns a copy that shares nothing that may be modified.
func (c Card) clone() Card {
	c.Labels = slices.Clone(c.Labels)
	c.Teachers = slices.Clone(c.Teachers)
	c.Terms = maps.Clone(c.Terms)
	c.Metrics = maps.Clone(c.Metrics)
	c.Fields = slices.Clone(c.Fields)
	c.Training.Unseen = slices.Clone(c.Training.Unseen)
	c.Training.Settings = maps.Clone(c.Training.Settings)
	if c.Certificate != nil {
		certificate := *c.Certificate
		c.Certificate = &certificate
	}
	if c.Novelty != nil {
		novelty := *c.Novelty
		c.Novelty = &novelty
	}
	return c
}
