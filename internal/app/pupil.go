// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
	"retort/student"
)

// pupil is a student of a loop: a version of the wheel that can be put a text, and a Model that answers its task. Its file is read when it is
// asked, since most versions never are again, and leaves memory when it rests. One that cannot be read says nothing, so that the teacher
// answers; it is read again later.
type pupil struct {
	loop *loop
	path string
	name string // in answers and traces

	now atomic.Pointer[awake] // nil: it was not asked yet, rests, or cannot be read

	mu     sync.Mutex
	failed time.Time // when it could last not be read
	err    error     // why
}

// awake is a student in memory.
type awake struct {
	student.Any
	model model.Model
}

// pupil returns a student, the same each time. It is the keeper's.
func (l *loop) pupil(row *store.Student) *pupil {
	p := l.pupils[row.ID]
	if p == nil {
		p = &pupil{loop: l, path: row.Path, name: origin.Student(row.Task, row.ID)}
		l.pupils[row.ID] = p
	}
	return p
}

// open reads the student unless it is in memory, and refuses one that does not fit the task.
func (p *pupil) open() (*awake, error) {
	if now := p.now.Load(); now != nil {
		return now, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now.Load(); now != nil {
		return now, nil
	}
	if p.err != nil && time.Since(p.failed) < again {
		return nil, p.err
	}
	a := p.loop.app
	opened, err := loadStudent(a.plant.Load().Config.Data, p.path)
	if err == nil {
		err = fits(p.loop.contract, opened)
	}
	if err != nil {
		if p.err == nil || p.err.Error() != err.Error() { // once
			a.log.Error("a student cannot serve; the teacher answers", "task", p.loop.task, "student", p.name, "error", err)
		}
		p.err, p.failed = err, time.Now()
		return nil, err
	}
	now := &awake{opened, p.loop.contract.Student(p.name, opened)}
	p.err = nil
	p.now.Store(now)
	return now, nil
}

// rest has the student leave memory until it is asked again.
func (p *pupil) rest() { p.now.Store(nil) }

// Notice answers a text; see wheel.Answerer.
func (p *pupil) Notice(text string) (answer string, score float64, novel bool) {
	now, err := p.open()
	if err != nil {
		return "", 0, true
	}
	return now.Notice(text)
}

// Generate answers a request.
func (p *pupil) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	now, err := p.open()
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "ask student " + p.name, Err: err}
	}
	return now.model.Generate(ctx, req, emit)
}
