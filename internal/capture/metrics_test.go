// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// gathered returns the value of each metric of a log and its importer.
func gathered(t *testing.T, l *Log, i *Importer) map[string]float64 {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(Metrics(l, i)...)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]float64)
	for _, f := range families {
		m := f.GetMetric()[0]
		out[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return out
}

func TestMetrics(t *testing.T) {
	dir, content := written(t)
	at := offsets(content)
	content[at[1]+40] ^= 1
	rewrite(t, dir, content)
	l := open(t, dir, Options{})
	m := memory{fail: errors.New("the store is locked")}
	i := Import(l, &m)
	record(t, l, "d")
	size := l.End().Offset - segmentHeader
	if err := i.Flush(t.Context()); err == nil {
		t.Fatal("the sink does not fail")
	}
	l.alarm.set(causeImport, m.fail) // as the background goroutine does in its own time
	want := map[string]float64{
		"retort_capture_traces_total": 1, "retort_capture_bytes_total": float64(size), "retort_capture_damaged_bytes_total": 0,
		"retort_capture_backlog_bytes": float64(len(content)) + float64(size+segmentHeader), "retort_capture_alarm": 1,
	}
	if d := cmp.Diff(want, gathered(t, l, i)); d != "" {
		t.Errorf("while the sink fails (-want +got):\n%s", d)
	}
	m.setFail(nil)
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := gathered(t, l, i)
	if got["retort_capture_damaged_bytes_total"] != float64(at[2]-at[1]) || got["retort_capture_backlog_bytes"] != 0 {
		t.Errorf("after the import: got %v, want %d bytes damaged and no backlog", got, at[2]-at[1])
	}
}
