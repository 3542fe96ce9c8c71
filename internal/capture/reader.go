// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"retort/model"
)

// Reader reads traces by reference, also while another process records. It is safe for concurrent use.
type Reader struct {
	dir string
}

// NewReader returns a reader of the log in folder dir.
func NewReader(dir string) *Reader { return &Reader{dir: dir} }

// Trace returns the whole trace that ref refers to, with its request and answer. Checksums are checked: a damaged frame
// is an error of kind Internal; a segment that is not there, one of kind NotFound.
func (r *Reader) Trace(ref Ref) (*model.Trace, error) {
	b, err := r.read(ref)
	var t *model.Trace
	if err == nil {
		t, err = decodeTrace(b)
	}
	if err == nil {
		return t, nil
	}
	e := &model.Error{Kind: model.Internal, Op: "read captured trace",
		Err: fmt.Errorf("segment %s at %d: %w", segmentPath(r.dir, ref.Segment), ref.Offset, err)}
	if errors.Is(err, fs.ErrNotExist) {
		e.Kind, e.Hint = model.NotFound, "the segment has been removed: put it back from a copy of the data folder"
	}
	return nil, e
}

func (r *Reader) read(ref Ref) ([]byte, error) {
	if ref.Length < frameHeader || ref.Length > maxFrame {
		return nil, fmt.Errorf("a frame of %d bytes: %w", ref.Length, errDamaged)
	}
	f, err := os.Open(segmentPath(r.dir, ref.Segment))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if ref.Offset+ref.Length > info.Size() {
		return nil, fmt.Errorf("the segment ends before the frame: %w", io.ErrUnexpectedEOF)
	}
	b := make([]byte, ref.Length)
	_, err = f.ReadAt(b, ref.Offset)
	return b, err
}
