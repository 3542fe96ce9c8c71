// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"testing"

	"retort/internal/shareddata"
)

// banking returns texts of the first classes intents of Banking77's training split.
func banking(tb testing.TB, classes int) (texts []string, labels []int) {
	tb.Helper()
	ids := map[string]int{}
	for _, row := range shareddata.CSV(tb, "banking77/train.csv") {
		id, ok := ids[row[1]]
		if !ok {
			id = len(ids)
			ids[row[1]] = id
		}
		if id < classes {
			texts, labels = append(texts, row[0]), append(labels, id)
		}
	}
	return texts, labels
}

func oneHot(labels []int, classes int) [][]float32 {
	target := make([][]float32, len(labels))
	for i, c := range labels {
		target[i] = make([]float32, classes)
		target[i][c] = 1
	}
	return target
}

func TestLearnsBanking(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a second or two")
	}
	const classes = 8
	var train, test []string
	var trainLabels, testLabels []int
	texts, labels := banking(t, classes)
	for i, text := range texts {
		if i%4 == 0 {
			test, testLabels = append(test, text), append(testLabels, labels[i])
		} else {
			train, trainLabels = append(train, text), append(trainLabels, labels[i])
		}
	}
	m := mustFit(t, train, oneHot(trainLabels, classes), classes, Options{Epochs: 12, Members: 1})
	var s Scratch
	right := 0
	for i, text := range test {
		if best(m.Logits(nil, text, &s)) == testLabels[i] {
			right++
		}
	}
	if share := float64(right) / float64(len(test)); share < 0.94 {
		t.Errorf("%.3f of %d held-out texts right, want 0.94", share, len(test))
	}
}

func BenchmarkLogits(b *testing.B) {
	const classes = 77
	texts, labels := banking(b, classes)
	m, err := Fit(b.Context(), texts, oneHot(labels, classes), nil, classes, Options{Epochs: 1})
	if err != nil {
		b.Fatal(err)
	}
	encoded, err := m.AppendBinary(nil)
	if err != nil {
		b.Fatal(err)
	}
	var s Scratch
	var dst []float32
	i := 0
	for b.Loop() {
		dst = m.Logits(dst, texts[i%len(texts)], &s)
		i += 7
	}
	b.ReportMetric(float64(len(encoded)), "bytes")
}
