// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"retort/internal/sections"
)

// What lies beside a student's file is in the same envelope, see docs/student-format.md, with one section: entries of one size. It is written whole or
// not at all. Files from before it had an envelope are the entries alone.

// errDamaged says that what lies beside a student's file is not whole.
var errDamaged = errors.New("the file is damaged")

// beside is a kind of file beside a student's.
type beside struct {
	sections.Format
	suffix string
	entry  int // bytes of each entry
}

const entriesSection = 1

func newBeside(suffix, magic, name string, entry int) *beside {
	return &beside{sections.Format{Magic: magic, Version: 1, Name: name, Corrupt: errDamaged}, suffix, entry}
}

func (a *App) besidePath(id string, of *beside) string {
	return filepath.Join(a.plant.Load().Config.Data, "students", id+of.suffix)
}

// writeBeside keeps entries beside a student's file.
func (a *App) writeBeside(id string, of *beside, entries []byte) error {
	var w sections.Writer
	w.Add(entriesSection, entries)
	if err := sections.WriteFile(a.besidePath(id, of), w.Bytes(&of.Format)); err != nil {
		return fmt.Errorf("keep %s, of student %s: %w", of.Name, id, err)
	}
	return nil
}

// readBeside returns the entries beside a student's file; none where there is no such file, as of a student from before it was kept. An error
// about one that is not whole has errDamaged in its chain.
func (a *App) readBeside(id string, of *beside) ([]byte, error) {
	path := a.besidePath(id, of)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && bytes.HasPrefix(b, []byte(of.Magic)) {
		var r *sections.Reader
		if r, err = sections.Read(b, &of.Format); err == nil {
			b, _ = r.Section(entriesSection)
		}
	}
	if err == nil && len(b)%of.entry != 0 {
		err = of.Errorf("%d bytes are no whole entries of %d", len(b), of.entry)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}

// past is what lies beside a student's file, as far as it is whole.
type past struct {
	held   held
	seen   seen
	blind  bool  // what it was made from is damaged: it may have learned from any text
	unread error // what is damaged; nil: nothing
}

// past reads what lies beside a student's file. What is damaged is no error here.
func (a *App) past(id string) (p *past, err error) {
	p = &past{}
	if p.seen, err = a.readSeen(id); errors.Is(err, errDamaged) {
		p.blind, p.unread = true, err
	} else if err != nil {
		return nil, err
	}
	if p.held, err = a.readHeld(id); errors.Is(err, errDamaged) {
		p.unread = err
	} else if err != nil {
		return nil, err
	}
	return p, nil
}

// learned says whether the student may have learned from a text.
func (p *past) learned(text string) bool { return p.blind || p.seen.has(text) }
