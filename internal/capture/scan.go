// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// scanner walks the frames of one segment.
type scanner struct {
	file   io.ReaderAt
	marker marker
	off    int64 // where the next frame should start; at the end, where the last sound frame ended
	end    int64 // where reading stops
	whole  bool  // check contents too

	damaged int64 // bytes skipped

	window []byte // bytes of the file from at
	at     int64
}

// windowSize is what one read fetches: some small frames, and little of a large one's content.
const windowSize = 16 << 10

// newScanner returns a scanner of all frames of a segment. A segment too short for its header has none.
// window is a buffer to use again, or nil.
func newScanner(f *os.File, whole bool, window []byte) (*scanner, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read segment: %w", err)
	}
	s := &scanner{file: f, off: segmentHeader, end: info.Size(), whole: whole, window: window[:0]}
	if s.end < segmentHeader {
		return s, nil
	}
	b, err := s.view(0, segmentHeader)
	if err != nil {
		return nil, err
	}
	s.marker, err = parseSegmentHeader(b)
	if errors.Is(err, errDamaged) && s.end >= segmentHeader+int64(len(s.marker)) {
		// The first frame repeats the marker, and its checksum will tell whether it is right.
		b, err = s.view(segmentHeader, len(s.marker))
		copy(s.marker[:], b)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// next returns the next sound frame's place and its meta, which is valid until the next call. It skips what is damaged;
// ok is false at the end.
func (s *scanner) next() (e located, ok bool, err error) {
	for at := s.off; ; {
		e, ok, err = s.frame(at)
		if ok || err != nil {
			if ok {
				s.damaged += at - s.off
				s.off = at + e.size
			}
			return e, ok, err
		}
		if at, err = s.find(at + 1); at < 0 || err != nil {
			return located{}, false, err
		}
	}
}

// located is a sound frame.
type located struct {
	off, size int64
	content   bool // it has a request
	meta      []byte
}

// frame reads the frame at off; ok is false when there is no sound one.
func (s *scanner) frame(off int64) (l located, ok bool, err error) {
	if s.end-off < frameHeader {
		return l, false, nil
	}
	b, err := s.view(off, frameHeader)
	if err != nil {
		return l, false, err
	}
	f, ok := parseFrame(b)
	if !ok || f.marker != s.marker || f.size() > s.end-off {
		return l, false, nil
	}
	if s.whole {
		if ok, err = s.contentSound(off, &f); !ok || err != nil {
			return l, false, err
		}
	}
	if b, err = s.view(off, frameHeader+int(f.meta)); err != nil || !f.sound(b) {
		return l, false, err
	}
	return located{off: off, size: f.size(), content: f.request > 0, meta: b[frameHeader:]}, true, nil
}

func (s *scanner) contentSound(off int64, f *frame) (bool, error) {
	var sum uint32
	end := off + f.size()
	for at := end - int64(f.answer) - int64(f.request); at < end; {
		b, err := s.view(at, int(min(windowSize, end-at)))
		if err != nil {
			return false, err
		}
		sum = extend(sum, b)
		at += int64(len(b))
	}
	return sum == f.data, nil
}

// find returns where the marker next stands at or behind off, or -1.
func (s *scanner) find(off int64) (int64, error) {
	for s.end-off >= frameHeader {
		b, err := s.view(off, int(min(windowSize, s.end-off)))
		if err != nil {
			return -1, err
		}
		if i := bytes.Index(b, s.marker[:]); i >= 0 {
			return off + int64(i), nil
		}
		off += int64(len(b) - len(s.marker) + 1)
	}
	return -1, nil
}

// view returns n bytes of the file at off, which it has; they are valid until the next call.
func (s *scanner) view(off int64, n int) ([]byte, error) {
	if i := off - s.at; i >= 0 && i+int64(n) <= int64(len(s.window)) {
		return s.window[i:][:n], nil
	}
	want := int(min(int64(max(n, windowSize)), s.end-off))
	if cap(s.window) < want {
		s.window = make([]byte, max(want, windowSize))
	}
	s.window, s.at = s.window[:want], off
	got, err := s.file.ReadAt(s.window, off)
	s.window = s.window[:got]
	if got < n {
		s.window = s.window[:0]
		return nil, fmt.Errorf("read segment: %w", err)
	}
	return s.window[:n], nil
}
