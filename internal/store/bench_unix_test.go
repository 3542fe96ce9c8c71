// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package store

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"retort/internal/capture"
)

// BenchmarkImport measures the whole way of a row from the segment into the database.
func BenchmarkImport(b *testing.B) {
	dir := b.TempDir()
	log, err := capture.Open(TracesDir(dir), capture.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		if err := log.Record(b.Context(), sample(fmt.Sprintf("0197c0de-0000-7000-8000-%012d", i), time.Duration(i)*time.Millisecond)); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	before := cpu()
	i := s.Import(log)
	if err := i.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/row")
	b.StopTimer()
	_ = i.Close(b.Context())
	_ = s.Close()
	_ = log.Close()
}

func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
