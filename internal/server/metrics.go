// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts requests to models. What belongs to one model and status is looked up once and kept, since a
// look-up by labels costs more than counting.
type metrics struct {
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	first    *prometheus.HistogramVec
	tokens   *prometheus.CounterVec
	cost     *prometheus.CounterVec

	models sync.Map // name → *modelMetrics
}

// seconds are the bounds of latencies, from those of a student to those of a reasoning model.
var seconds = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}

func newMetrics(r *prometheus.Registry) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds}, []string{"model"})
	}
	m := &metrics{
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "retort_requests_in_flight", Help: "HTTP requests being answered."}),
		requests: counter("retort_requests_total", "Requests to models, by model and HTTP status; 499: the client went away.", "model", "status"),
		duration: histogram("retort_request_duration_seconds", "Time from a request's headers to the end of its answer."),
		first:    histogram("retort_first_part_seconds", "Time from a request's headers to the first part of its answer."),
		tokens:   counter("retort_tokens_total", "Tokens as upstreams bill them, over all attempts.", "model", "direction"),
		cost:     counter("retort_cost_dollars_total", "Cost in US dollars, over all attempts.", "model"),
	}
	r.MustRegister(m.inFlight, m.requests, m.duration, m.first, m.tokens, m.cost)
	return m
}

// modelMetrics are the metrics of one model.
type modelMetrics struct {
	all      *metrics
	name     string
	duration prometheus.Observer
	first    prometheus.Observer
	input    prometheus.Counter
	output   prometheus.Counter
	cost     prometheus.Counter
	ok       prometheus.Counter
}

// of returns the metrics of a model, which must exist: names that clients make up would fill the memory.
func (m *metrics) of(name string) *modelMetrics {
	if known, ok := m.models.Load(name); ok {
		return known.(*modelMetrics)
	}
	made := &modelMetrics{all: m, name: name,
		duration: m.duration.WithLabelValues(name), first: m.first.WithLabelValues(name),
		input: m.tokens.WithLabelValues(name, "input"), output: m.tokens.WithLabelValues(name, "output"),
		cost: m.cost.WithLabelValues(name), ok: m.requests.WithLabelValues(name, "200")}
	known, _ := m.models.LoadOrStore(name, made)
	return known.(*modelMetrics)
}

// lost counts a request that named no model that exists.
func (m *metrics) lost(c *call, status int) {
	m.requests.WithLabelValues("", strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues("").Observe(time.Since(c.start).Seconds())
}

// done counts an answered request.
func (m *modelMetrics) done(c *call, status int) {
	if status == http.StatusOK {
		m.ok.Inc()
	} else {
		m.all.requests.WithLabelValues(m.name, strconv.Itoa(status)).Inc()
	}
	m.duration.Observe(time.Since(c.start).Seconds())
	if c.first > 0 {
		m.first.Observe(c.first.Seconds())
	}
	if usage, cost := c.trail.Total(); usage.Input+usage.Output > 0 || cost != 0 {
		m.input.Add(float64(usage.Input))
		m.output.Add(float64(usage.Output))
		m.cost.Add(cost.Dollars())
	}
}

// serveMetrics returns the handler of /metrics, which programs on this machine may read without a key.
func (s *Server) serveMetrics() http.HandlerFunc {
	handler := promhttp.HandlerFor(s.options.Registry, promhttp.HandlerOpts{})
	keyed := s.keyed(s.options.Dialects[0], func(w http.ResponseWriter, r *http.Request, _ Key) { handler.ServeHTTP(w, r) })
	return func(w http.ResponseWriter, r *http.Request) {
		if local(r) == nil {
			handler.ServeHTTP(w, r)
			return
		}
		keyed(w, r)
	}
}
