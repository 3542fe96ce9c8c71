// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"fmt"
	"testing"
)

func BenchmarkRecord(b *testing.B) {
	for _, size := range []int{1 << 10, 60 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			l := open(b, b.TempDir(), Options{})
			t := sample("0197c0de-0000-7000-8000-000000000001", size)
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Record(ctx, t); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRecordParallel(b *testing.B) {
	l := open(b, b.TempDir(), Options{})
	ctx := b.Context()
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		t := sample("0197c0de-0000-7000-8000-000000000001", 1<<10)
		for pb.Next() {
			if err := l.Record(ctx, t); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	t := sample("0197c0de-0000-7000-8000-000000000001", 1<<10)
	e := new(entry)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.encode(t); err != nil {
			b.Fatal(err)
		}
	}
}
