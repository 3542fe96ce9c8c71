// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package capture records traces so that none is lost: an append-only log of segment files takes each trace before the
// client sees the end of its answer, and an importer moves what a query needs from there into the store.
//
// # What holds
//
//   - Record returns once the operating system has the whole frame: killing the process loses no recorded trace.
//   - The log is fsynced every SyncEvery: a power loss takes at most what came after the last fsync.
//   - A write that fails is rolled back and tried again until the caller's context ends; it raises the alarm and never
//     drops a trace silently.
//   - The importer moves each frame exactly once: rows and position are committed in one transaction of the store.
//
// # Files
//
// A log is a folder. "lock" is held by the process that appends; "%016x.seg" are the segments, numbered upwards from 1.
// Each opening of a log begins a new segment with its first record, so only the last segment of a process that was
// killed can end in a torn frame, and the next opening cuts that off. Segments stay where they are: rows in the store
// refer to frames by segment, offset and length, and Reader reads them from there.
//
// Numbers are little-endian; checksums are CRC-32C. A segment starts with 32 bytes:
//
//	 0  8  "RETORTSG"
//	 8  1  version of the format: 1
//	 9  7  zero
//	16  8  marker: random, different for each segment
//	24  4  checksum of bytes 0 to 24
//	28  4  zero
//
// Frames follow without gaps, each a header of 28 bytes and three parts:
//
//	 0  8  the segment's marker
//	 8  4  length of meta
//	12  4  length of answer
//	16  4  length of request
//	20  4  checksum of answer and request
//	24  4  checksum of bytes 0 to 24 and meta
//	28     meta: the trace without content, as JSON (model.Trace, with "answered" and "score" of its response)
//	       answer: the model.Response as JSON; empty when there was none
//	       request: the body as it came; empty when content is not captured
//
// Meta has its own checksum so that the importer reads no content. Behind damaged bytes a reader goes on at the next
// marker with a sound frame; no client can forge one in a request's body, since it does not know the marker.
// The version rises when an older Retort could not read a segment; fields may be added to the JSON without that.
package capture
