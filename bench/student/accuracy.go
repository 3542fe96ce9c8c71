// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"

	"retort/student"
)

// floors of one training on an official split.
type floors struct {
	accuracy, seconds, bytes float64
}

func measureBanking(ctx context.Context, b *bench) error {
	train, test, err := banking()
	if err != nil {
		return err
	}
	s, err := b.official(ctx, "banking77", train, test, student.Standard, floors{0.920, 4, 2e6})
	if err != nil {
		return err
	}
	fast, err := latency(s, test)
	if err != nil {
		return err
	}
	b.AtMost("banking77_p50", fast.P50, "µs", 10)
	b.AtMost("banking77_p99", fast.P99, "µs", 100)
	b.AtMost("banking77_allocations", fast.Allocations, "", 0)
	slow, err := portableLatency(ctx, s)
	if err != nil {
		return err
	}
	b.AtMost("banking77_portable_p50", slow.P50, "µs", 30)
	b.AtMost("banking77_portable_p99", slow.P99, "µs", 100)
	return nil
}

func measureClinc(ctx context.Context, b *bench) error {
	train, test, err := clinc()
	if err != nil {
		return err
	}
	_, err = b.official(ctx, "clinc150", train, test, student.Standard, floors{0.935, 8, 5.5e6})
	return err
}

func measureHigh(ctx context.Context, b *bench) error {
	train, test, err := banking()
	if err != nil {
		return err
	}
	s, err := b.official(ctx, "banking77_high", train, test, student.High, floors{0.928, 90, 0})
	if err != nil {
		return err
	}
	l, err := latency(s, test)
	if err != nil {
		return err
	}
	b.AtMost("banking77_high_p50", l.P50, "µs", 300)
	b.Note("banking77_high_p99", l.P99, "µs")
	b.AtMost("banking77_high_allocations", l.Allocations, "", 0)
	return nil
}

// official trains on a whole training split and measures on the test split. The size is that of the file on disk.
func (b *bench) official(ctx context.Context, name string, train, test []student.Example, effort student.Effort, want floors) (*student.Student, error) {
	training, err := student.Train(ctx, train, student.Options{Task: name, Effort: effort, Seed: 1})
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bench-student-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	bytes, err := training.Student.WriteFile(filepath.Join(folder, "student"))
	if err != nil {
		return nil, err
	}
	b.AtLeast(name+"_accuracy", accuracy(training.Student, test), "", want.accuracy)
	b.AtMost(name+"_train_seconds", training.Seconds, "s", want.seconds)
	b.Note(name+"_crossfit_seconds", training.CrossFitSeconds, "s")
	if want.bytes > 0 {
		b.AtMost(name+"_bytes", float64(bytes), "", want.bytes)
	} else {
		b.Note(name+"_bytes", float64(bytes), "")
	}
	b.Note(name+"_crossfit_accuracy", training.Student.Card().Metrics["cross_fit_accuracy"], "")
	return training.Student, nil
}
