// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

const suffix = ".seg"

// Position is a place in a log: all frames before it are meant. The zero Position is the log's beginning.
type Position struct {
	Segment int64 // number of the segment
	Offset  int64 // bytes from its start
}

// Before says whether p comes before q in the log.
func (p Position) Before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// Ref says where a frame lies.
type Ref struct {
	Segment int64
	Offset  int64
	Length  int64 // of the whole frame, in bytes
}

func segmentPath(dir string, id int64) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", id, suffix))
}

// segments returns the numbers of the segments in dir, ascending.
func segments(dir string) ([]int64, error) {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var ids []int64
	for _, n := range names {
		hex, ok := strings.CutSuffix(n.Name(), suffix)
		if id, err := strconv.ParseInt(hex, 16, 64); ok && len(hex) == 16 && err == nil && id > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// segment is the one that is being written. The log's writing lock guards it.
type segment struct {
	file   *os.File
	id     int64
	marker marker
	size   int64 // of what is whole; the file may have more for a moment
}

func createSegment(dir string, id int64) (*segment, error) {
	s := &segment{id: id, size: segmentHeader}
	if _, err := rand.Read(s.marker[:]); err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	// Without O_EXCL: an attempt that failed for lack of space may have left the file.
	f, err := os.OpenFile(segmentPath(dir, id), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	if _, err := f.WriteAt(newSegmentHeader(s.marker), 0); err != nil {
		return nil, fmt.Errorf("create segment: %w", errors.Join(err, f.Close()))
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("create segment: %w", errors.Join(err, f.Close()))
	}
	s.file = f
	return s, nil
}

// syncDir makes the names in a folder durable. Windows has no such call and needs none.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// recoverTail cuts a torn frame off the last segment of dir, and returns that segment's number, or 0. Only the holder
// of the lock may call it.
func recoverTail(dir string) (last int64, err error) {
	ids, err := segments(dir)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	last = ids[len(ids)-1]
	f, err := os.OpenFile(segmentPath(dir, last), os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("recover log: %w", err)
	}
	defer f.Close()
	end, size, err := soundEnd(f)
	if err == nil && end < size {
		err = errors.Join(f.Truncate(end), f.Sync())
	}
	if err != nil {
		return 0, fmt.Errorf("recover segment %s: %w", f.Name(), err)
	}
	return last, nil
}

// soundEnd returns where the last sound frame of a segment ends, and the file's size.
func soundEnd(f *os.File) (end, size int64, err error) {
	s, err := newScanner(f, true, nil)
	if err != nil {
		return 0, 0, err
	}
	size = s.end
	if size < segmentHeader {
		return 0, size, nil // killed while creating it
	}
	for {
		_, ok, err := s.next()
		if err != nil {
			return 0, 0, err
		}
		if !ok {
			return s.off, size, nil
		}
	}
}
