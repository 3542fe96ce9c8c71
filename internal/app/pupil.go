// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"sync"

	"retort/internal/store"
	"retort/model"
	"retort/student"
)

// pupil is a student of a loop: a version of the wheel that can be put a text, and a Model that answers its task. Its file is read when it is
// first asked, since most versions never are again. One that cannot be read says nothing, so that the teacher answers.
type pupil struct {
	loop *loop
	path string
	name string // in answers and traces

	once  sync.Once
	any   student.Any // nil: it cannot be read
	model model.Model
	err   error
}

func (l *loop) pupil(row *store.Student) *pupil {
	return &pupil{loop: l, path: row.Path, name: studentName(row)}
}

// open reads the student, and refuses one that does not fit the task.
func (p *pupil) open() error {
	p.once.Do(func() {
		a := p.loop.app
		opened, err := a.plant.Load().loadStudent(p.path)
		if err == nil {
			err = fits(p.loop.contract, opened)
		}
		if p.err = err; err != nil {
			a.log.Error("a student cannot serve; the teacher answers", "task", p.loop.task, "student", p.name, "error", err)
			return
		}
		p.any, p.model = opened, p.loop.contract.Student(p.name, opened)
	})
	return p.err
}

// Notice answers a text; see wheel.Answerer.
func (p *pupil) Notice(text string) (answer string, score float64, novel bool) {
	if p.open() != nil {
		return "", 0, true
	}
	return p.any.Notice(text)
}

// Generate answers a request.
func (p *pupil) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if err := p.open(); err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "ask student " + p.name, Err: err}
	}
	return p.model.Generate(ctx, req, emit)
}
