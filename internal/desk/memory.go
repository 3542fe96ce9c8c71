// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package desk

import (
	"retort/compose"
	"retort/eval/certify"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/internal/similar"
)

// remember puts the memory of its teacher's answers before the desk's teacher.
func (d *Desk) remember(c config.Similar) error {
	memory, err := similar.New(similar.Options{Max: c.Max, TTL: c.TTL,
		Goal: certify.Goal{Agreement: c.Agreement, Confidence: c.Confidence}})
	if err != nil {
		return err
	}
	d.Memory = memory
	d.Reminded = compose.Similar(d.Teacher, compose.Similarity{Name: origin.Memory(d.Task.Name), Memory: memory, Input: d.Task.Repeatable, Audit: c.Audit})
	return nil
}
