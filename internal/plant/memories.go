// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import "github.com/prometheus/client_golang/prometheus"

// memoryMetrics counts what the memories of tasks do. A reload begins anew.
type memoryMetrics struct {
	now                               func() *Plant
	requests, compared, speaks, falls *prometheus.Desc
}

func newMemoryMetrics(now func() *Plant) memoryMetrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, append([]string{"task"}, labels...), nil)
	}
	return memoryMetrics{now,
		desc("retort_similar_requests_total", "Requests that came to the memory of a task: given from it, left to the teacher by a memory that speaks, or asked of the teacher whatever the memory says.", "outcome"),
		desc("retort_similar_compared_total", "Fresh answers compared with what the memory would have said, whether it might have been given or not.", "outcome"),
		desc("retort_similar_speaks", "Tenants for which the memory is certified at the moment."),
		desc("retort_similar_falls_total", "Certificates taken back because answers from memory no longer agreed."),
	}
}

// Describe names the metrics.
func (m memoryMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.requests, m.compared, m.speaks, m.falls} {
		ch <- d
	}
}

// Collect counts.
func (m memoryMetrics) Collect(ch chan<- prometheus.Metric) {
	for name, d := range m.now().Desks {
		if d.Memory == nil {
			continue
		}
		counter := func(desc *prometheus.Desc, n int64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), append([]string{name}, labels...)...)
		}
		asked, known := d.Reminded.Counts(), d.Memory.Counts()
		counter(m.requests, asked.Given, "given")
		counter(m.requests, asked.Left, "left")
		counter(m.requests, asked.Asked, "asked")
		counter(m.compared, int64(known.Agreed), "agreed")
		counter(m.compared, int64(known.Differed), "differed")
		counter(m.falls, int64(known.Falls))
		ch <- prometheus.MustNewConstMetric(m.speaks, prometheus.GaugeValue, float64(known.Speaks), name)
	}
}
