// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"context"
	"fmt"
	"slices"

	"retort/eval/certify"
	"retort/student"
)

// Unlike is the share of the examples that is taken for none of the task where such requests come.
const Unlike = 0.07

// Learn trains a student of labels on a lesson and certifies it on the lesson's fair labels, cross-fitted. opt.Labels is left
// to the lesson: the labels that it has. Where requests that are none of the task come, and opt.Outside says nothing, texts that are less
// familiar than 93 % of the examples are left to the teacher.
func Learn(ctx context.Context, l *Lesson, opt student.Options) (*Candidate, error) {
	examples := make([]student.Example, len(l.Labels))
	for i, one := range l.Labels {
		examples[i] = student.Example{Text: one.Text, Label: one.Label, Hard: !one.Fair}
	}
	opt.Labels = nil
	if l.Outside && opt.Outside.FalseAlarms == 0 {
		opt.Outside.FalseAlarms = Unlike
	}
	t, err := student.Train(ctx, examples, opt)
	if err != nil {
		return nil, fmt.Errorf("wheel: %w", err)
	}
	c := &Candidate{Student: t.Student, Lesson: l}
	novelty := t.Student.Card().Novelty
	for i, one := range l.Labels {
		p := &t.OutOfFold[i]
		if !one.Fair || p.Class < 0 {
			continue
		}
		h := Held{Request: one.Request, Said: Said{Answer: p.Label, Score: novelty.Sure(p.Score, p.Novel), Novel: p.Novel}}
		if slices.Contains(l.Aside, p.Label) {
			h.Score = 0
		}
		c.Held = append(c.Held, h)
	}
	if c.Certificate, err = l.certify(c.Held); err != nil {
		return nil, fmt.Errorf("wheel: %w", err)
	}
	return c, nil
}

// certify judges held answers by the lesson's labels.
func (l *Lesson) certify(held []Held) (certify.Certificate, error) {
	truth := make(map[int64]string, len(l.Labels))
	for _, one := range l.Labels {
		truth[one.Request] = one.Label
	}
	judged := make([]certify.Judgement, len(held))
	var strays []float64
	for i, h := range held {
		label := truth[h.Request]
		judged[i] = certify.Judgement{Score: h.Score, Agree: h.Answer == label}
		if slices.Contains(l.Aside, label) {
			strays = append(strays, h.Score)
		}
	}
	c, err := certify.CrossFitted(judged, l.Goal)
	if err != nil {
		return c, err
	}
	return c.KeepOut(strays, judged), nil
}
