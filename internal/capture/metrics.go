// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import "github.com/prometheus/client_golang/prometheus"

// Metrics returns what a serving process should show of a log and its importer.
func Metrics(l *Log, i *Importer) []prometheus.Collector {
	counter := func(name, help string, f func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(f()) })
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	return []prometheus.Collector{
		counter("retort_capture_traces_total", "Traces recorded.", l.records.Load),
		counter("retort_capture_bytes_total", "Bytes of traces recorded.", l.bytes.Load),
		counter("retort_capture_damaged_bytes_total", "Bytes of the log that were skipped because their checksums do not match.", i.damaged.Load),
		gauge("retort_capture_backlog_bytes", "Bytes of the log that are not in the store yet.", func() float64 { return float64(i.Backlog()) }),
		gauge("retort_capture_alarm", "1 while traces cannot be recorded or imported.", func() float64 {
			if l.alarm.get(causes) != nil {
				return 1
			}
			return 0
		}),
	}
}
