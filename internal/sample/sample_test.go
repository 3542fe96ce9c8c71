// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package sample_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"retort/internal/sample"
	"retort/provider/replay"
	"retort/task"
)

func messages(t *testing.T) []sample.Message {
	t.Helper()
	ms, err := sample.Messages()
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func TestSampleIsLargeAndDistinct(t *testing.T) {
	ms := messages(t)
	seen := map[string]int{}
	for i, m := range ms {
		if !utf8.ValidString(m.Input) || strings.TrimSpace(m.Input) != m.Input || m.Input == "" {
			t.Errorf("line %d: input %q is empty, padded or not UTF-8", i+1, m.Input)
		}
		key := strings.ToLower(m.Input)
		if first, ok := seen[key]; ok {
			t.Errorf("line %d repeats line %d: %q", i+1, first, m.Input)
		}
		seen[key] = i + 1
	}
	if len(seen) < 1000 {
		t.Errorf("%d distinct messages, want at least 1000", len(seen))
	}
}

func TestLabelsAreTheTasksLabels(t *testing.T) {
	contract := &task.Task{Name: sample.Task, Instructions: sample.Instructions, Labels: sample.Labels()}
	if err := contract.Validate(); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	ms := messages(t)
	for i, m := range ms {
		if contract.Class(m.Answer) < 0 {
			t.Errorf("line %d: answer %q is not one of the labels", i+1, m.Answer)
		}
		counts[m.Answer]++
	}
	if len(counts)-1 < 12 {
		t.Errorf("%d intents besides other, want at least 12", len(counts)-1)
	}
	for _, label := range contract.Labels {
		if label != "other" && counts[label] < 80 {
			t.Errorf("%s: %d messages, want at least 80", label, counts[label])
		}
	}
	if share := float64(counts["other"]) / float64(len(ms)); share < 0.04 || share > 0.07 {
		t.Errorf("other is %.3f of the sample, want 0.04 to 0.07", share)
	}
}

// Any prefix must look like the whole, for quickstart trains on one and is judged on the rest.
func TestPrefixesAreRepresentative(t *testing.T) {
	ms := messages(t)
	total := map[string]int{}
	for _, m := range ms {
		total[m.Answer]++
	}
	for _, n := range []int{200, 500, 1000} {
		counts := map[string]int{}
		for _, m := range ms[:n] {
			counts[m.Answer]++
		}
		for label, all := range total {
			want := float64(all) * float64(n) / float64(len(ms))
			if got := float64(counts[label]); got < want-2 || got > want+2 {
				t.Errorf("the first %d messages hold %v of %s, want %.1f give or take 2", n, got, label, want)
			}
		}
	}
}

func TestNoNearDuplicates(t *testing.T) {
	ms := messages(t)
	sets := make([][]string, len(ms))
	for i, m := range ms {
		sets[i] = words(m.Input)
	}
	for i := range sets {
		for j := range i {
			if same := jaccard(sets[i], sets[j]); same > 0.6 {
				t.Errorf("lines %d and %d share %.2f of their words:\n%s\n%s", j+1, i+1, same, ms[j].Input, ms[i].Input)
			}
		}
	}
}

func TestRecordedFiguresAreSane(t *testing.T) {
	ms := messages(t)
	var latencies []time.Duration
	for i, m := range ms {
		if m.Latency <= 0 || m.Latency > 10*time.Second || m.Usage.Input < 250 || m.Usage.Input > 800 ||
			m.Usage.Output < 5 || m.Usage.Output > 12 {
			t.Errorf("line %d: latency %v, %d tokens in, %d out", i+1, m.Latency, m.Usage.Input, m.Usage.Output)
		}
		latencies = append(latencies, m.Latency)
	}
	slices.Sort(latencies)
	if p50 := latencies[len(latencies)/2]; p50 < 400*time.Millisecond || p50 > 500*time.Millisecond {
		t.Errorf("median latency %v, want about 450 ms as README.md says", p50)
	}
	if p99 := latencies[len(latencies)*99/100]; p99 < 1300*time.Millisecond || p99 > 1900*time.Millisecond {
		t.Errorf("99th percentile of latency %v, want about 1.6 s as README.md says", p99)
	}
}

func TestReplayReadsTheRecording(t *testing.T) {
	recordings, err := replay.Read(bytes.NewReader(sample.Recording()))
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range messages(t) {
		r := recordings[i]
		if r.Input != m.Input || r.Answer != m.Answer || r.Usage != m.Usage || r.Latency != m.Latency {
			t.Fatalf("line %d: replay reads %+v, Messages %+v", i+1, r, m)
		}
	}
}

// words returns the distinct lower-case words of a text, sorted.
func words(s string) []string {
	ws := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(ws)
	return slices.Compact(ws)
}

// jaccard returns the share of common words among all words of two sorted sets.
func jaccard(a, b []string) float64 {
	common := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch strings.Compare(a[i], b[j]) {
		case 0:
			common, i, j = common+1, i+1, j+1
		case -1:
			i++
		default:
			j++
		}
	}
	union := len(a) + len(b) - common
	if union == 0 {
		return 0
	}
	return float64(common) / float64(union)
}
