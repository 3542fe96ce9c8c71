// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"retort/internal/shareddata"
	"retort/student"
)

// banking reads a part of Banking77.
func banking(tb testing.TB, part string) []student.Example {
	tb.Helper()
	var examples []student.Example
	for _, row := range shareddata.CSV(tb, "banking77/"+part+".csv") {
		examples = append(examples, student.Example{Text: row[0], Label: row[1]})
	}
	return examples
}

// TestBanking77 guards what bench/student measures in full: accuracy, size, and scores that mean what they say.
func TestBanking77(t *testing.T) {
	if testing.Short() {
		t.Skip("trains on 10,003 examples")
	}
	training, err := student.Train(context.Background(), banking(t, "train"), student.Options{Folds: 3})
	if err != nil {
		t.Fatal(err)
	}
	test := banking(t, "test")
	right, believed := 0, 0.0
	for _, e := range test {
		p := training.Student.Predict(e.Text)
		if believed += p.Score; p.Label == e.Label {
			right++
		}
	}
	accuracy, believed := float64(right)/float64(len(test)), believed/float64(len(test))
	if accuracy < 0.915 {
		t.Errorf("accuracy %.4f", accuracy)
	}
	if math.Abs(accuracy-believed) > 0.03 {
		t.Errorf("the mean score is %.4f, the accuracy %.4f", believed, accuracy)
	}
	if n, err := training.Student.WriteFile(filepath.Join(t.TempDir(), "student")); err != nil || n > 2_000_000 {
		t.Errorf("file of %d bytes, error %v", n, err)
	}
}

func BenchmarkPredict(b *testing.B) {
	training, err := student.Train(context.Background(), banking(b, "train")[:3000], student.Options{Folds: 2})
	if err != nil {
		b.Fatal(err)
	}
	test := banking(b, "test")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		training.Student.Predict(test[i%len(test)].Text)
	}
}

func BenchmarkTrain(b *testing.B) {
	examples := banking(b, "train")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := student.Train(context.Background(), examples, student.Options{Folds: 2}); err != nil {
			b.Fatal(err)
		}
	}
}
