// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// The task has so many of the teacher's answers when its first turn begins, so that turns take long.
	throughputLabels = 3000
	// perSecond is how many requests are sent: half are the task's, half are passed on to its teacher's model.
	perSecond = 200
	spanTime  = 4 * time.Second
	// leastUnderWay is the share of a span that a turn has to be under way for it to count.
	leastUnderWay = 0.8
	mostRepeats   = 5
	// A student that is tried out needs requests.
	perBurst, mostBursts = 100, 60
)

// timed is a request of a span.
type timed struct {
	began time.Time     // when it was to be sent
	took  time.Duration // from then to the end of the answer
	said  *said
	err   error
}

// span is a stretch of load.
type span struct {
	task, passed []float64 // milliseconds
	students     int       // of task, answered by the student
	share        float64   // of it that a turn was under way
}

func (s *span) all() []float64 { return slices.Concat(s.task, s.passed) }

// measureThroughput sends a fixed load to a gateway in spans with a turn under way and without, in turn.
func measureThroughput(ctx context.Context, b *bench) error {
	in, err := bankingSeries(b.seed)
	if err != nil {
		return err
	}
	teacher, err := startLabeller(len(in.asks))
	if err != nil {
		return err
	}
	defer teacher.stop()
	for i := range in.asks {
		teacher.expect(i, &in.asks[i])
	}
	config, err := deskConfig(teacher.url, in.labels(), in.goal.Agreement, fmt.Sprintf("{first: %d, growth: 100, every: 1s}", throughputLabels))
	if err != nil {
		return err
	}
	d, err := b.openDesk(ctx, "throughput", config)
	if err != nil {
		return err
	}
	defer d.close()
	t := &throughput{bench: b, desk: d, texts: in.asks[throughputLabels:]}
	for i := range in.asks[:throughputLabels] {
		if _, err := d.ask(ctx, deskName, in.asks[i].text); err != nil {
			return err
		}
	}
	s, _, err := d.rested(ctx)
	if err != nil {
		return err
	}
	for n := 0; s.Serving.Student == "" || s.trying(); n++ { // it answers a share first
		if n == mostBursts {
			return d.gateway.Explain(fmt.Errorf("no student has come to serve: %+v", s.Wheel))
		}
		if err := t.burst(ctx); err != nil {
			return err
		}
		if s, err = d.stands(ctx); err != nil {
			return err
		}
	}
	return t.measure(ctx)
}

// burst sends some requests to the task as fast as they are answered.
func (t *throughput) burst(ctx context.Context) error {
	for range perBurst {
		if _, err := t.desk.ask(ctx, deskName, t.texts[t.next%len(t.texts)].text); err != nil {
			return err
		}
		t.next++
	}
	return nil
}

// throughput is a measurement in progress.
type throughput struct {
	*bench
	desk         *desk
	texts        []ask
	next         int
	quiet, turns []*span
	cpu          float64 // seconds of processor that turns have taken
	wall         float64 // seconds in which they were under way
}

// measure takes a span without a turn, one with, and so on, and ends with one without: each with has a neighbour before and after.
func (t *throughput) measure(ctx context.Context) error {
	load, start := loadAverage(), time.Now()
	began := childrenCPU(t.desk.gateway.PID())
	if _, err := t.span(ctx, false); err != nil { // connections are made
		return err
	}
	for len(t.turns) < t.rounds {
		quiet, err := t.span(ctx, false)
		if err != nil {
			return err
		}
		turning, err := t.span(ctx, true)
		if err != nil {
			return err
		}
		t.quiet, t.turns = append(t.quiet, quiet), append(t.turns, turning)
		fmt.Fprintf(os.Stderr, "round %d of %d: p99 %.2f ms without a turn, %.2f ms with one\n", len(t.turns), t.rounds, quantile(quiet.all(), 0.99), quantile(turning.all(), 0.99))
	}
	quiet, err := t.span(ctx, false)
	if err != nil {
		return err
	}
	t.quiet = append(t.quiet, quiet)
	t.cpu = childrenCPU(t.desk.gateway.PID()) - began
	work, err := t.underWay()
	if err != nil {
		return err
	}
	for _, w := range work {
		if w.from.After(start) && !w.to.IsZero() {
			t.wall += w.to.Sub(w.from).Seconds()
		}
	}
	t.report((load + loadAverage()) / 2)
	return nil
}

// span loads the gateway while a turn is under way, or while none is.
func (t *throughput) span(ctx context.Context, turning bool) (*span, error) {
	for range mostRepeats {
		if err := t.set(ctx, turning); err != nil {
			return nil, err
		}
		sent := t.load(ctx)
		for i := range sent {
			if err := sent[i].err; err != nil {
				return nil, err
			}
		}
		work, err := t.underWay()
		if err != nil {
			return nil, err
		}
		s := newSpan(sent, work, turning)
		if (s.share >= leastUnderWay) == turning && (turning || s.share == 0) {
			return s, nil
		}
		fmt.Fprintf(os.Stderr, "a turn was under way in %.0f %% of a span; it is repeated\n", 100*s.share)
	}
	return nil, t.desk.gateway.Explain(fmt.Errorf("of %d spans none was as it was to be", mostRepeats))
}

// set has a turn begin or go on, or leaves it to be gone on with, and waits until that is so.
func (t *throughput) set(ctx context.Context, turning bool) error {
	verb := "pause"
	if turning {
		verb = "resume"
	}
	if _, err := t.retort.Command(ctx, "tasks", verb, deskName, "-c", "throughput/retort.yaml"); err != nil {
		return err
	}
	began := time.Now()
	for until := began.Add(longestTurn); ; {
		work, err := t.underWay()
		if err != nil {
			return err
		}
		if now := len(work) > 0 && work[len(work)-1].to.IsZero(); now == turning {
			break
		}
		if time.Now().After(until) {
			return t.desk.gateway.Explain(fmt.Errorf("the task does not %s", verb))
		}
		if time.Since(began) > 4*time.Second && turning { // a student may be tried out, which comes first
			if err := t.burst(ctx); err != nil {
				return err
			}
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return pause(ctx, 200*time.Millisecond)
}

// load sends requests at their times, whatever became of the earlier ones.
func (t *throughput) load(ctx context.Context) []timed {
	n := int(spanTime.Seconds() * perSecond)
	sent := make([]timed, n)
	var flying sync.WaitGroup
	start := time.Now()
	for i := range sent {
		one := &sent[i]
		one.began = start.Add(time.Duration(i) * time.Second / perSecond)
		if one.err = pause(ctx, time.Until(one.began)); one.err != nil {
			break
		}
		text := t.texts[t.next%len(t.texts)].text
		if t.next++; i%2 == 0 {
			flying.Go(func() { one.send(ctx, t.desk, deskName, text) })
		} else {
			flying.Go(func() { one.send(ctx, t.desk, "large", text) })
		}
	}
	flying.Wait()
	return sent
}

func (o *timed) send(ctx context.Context, d *desk, model, text string) {
	o.said, o.err = d.ask(ctx, model, text)
	o.took = time.Since(o.began)
}

// work is a stretch of time in which a turn's process ran; to is zero where it does.
type work struct{ from, to time.Time }

func (w *work) holds(at time.Time) bool {
	return !at.Before(w.from) && (w.to.IsZero() || at.Before(w.to))
}

// underWay reads from the gateway's log when turns were under way.
func (t *throughput) underWay() (all []work, err error) {
	f, err := os.Open(t.desk.gateway.Log())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		begins := strings.Contains(lines.Text(), `msg="a turn is under way"`)
		ends := strings.Contains(lines.Text(), `msg="a turn has ended"`) || strings.Contains(lines.Text(), `msg="a turn is left`)
		if strings.Contains(lines.Text(), `msg="a turn was not made"`) {
			return nil, fmt.Errorf("the gateway's log: %s", lines.Text())
		}
		if !begins && !ends {
			continue
		}
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "time="), " ")
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fmt.Errorf("the gateway's log: %.200s: %w", lines.Text(), err)
		}
		switch {
		case begins:
			all = append(all, work{from: at})
		case len(all) > 0:
			all[len(all)-1].to = at
		}
	}
	return all, lines.Err()
}

// newSpan sorts what was sent. Of a span with a turn those requests count that were sent while it was under way.
func newSpan(sent []timed, all []work, turning bool) *span {
	s := &span{}
	under := 0
	for i := range sent {
		one := &sent[i]
		now := slices.ContainsFunc(all, func(w work) bool { return w.holds(one.began) })
		under += count(now)
		if now != turning {
			continue
		}
		took := one.took.Seconds() * 1000
		if i%2 == 0 {
			s.task = append(s.task, took)
			s.students += count(one.said.byStudent())
		} else {
			s.passed = append(s.passed, took)
		}
	}
	s.share = share(under, len(sent))
	return s
}

// report turns spans into figures. A turn's p99 is compared with the mean of those before and after, on the same machine within seconds, and
// the median of these ratios counts; what ratios of two spans without a turn are by chance alone is beside it.
func (t *throughput) report(load float64) {
	var ratios, chance []float64
	for i, s := range t.turns {
		before, after := quantile(t.quiet[i].all(), 0.99), quantile(t.quiet[i+1].all(), 0.99)
		ratios = append(ratios, quantile(s.all(), 0.99)/math.Sqrt(before*after))
		chance = append(chance, after/before)
	}
	pool := func(spans []*span, of func(s *span) []float64, q float64) float64 {
		var all []float64
		for _, s := range spans {
			all = append(all, of(s)...)
		}
		return quantile(all, q)
	}
	kinds := []struct {
		name string
		of   func(s *span) []float64
	}{{"", (*span).all}, {"task_", func(s *span) []float64 { return s.task }}, {"passed_", func(s *span) []float64 { return s.passed }}}
	for _, k := range kinds {
		for _, q := range []float64{0.5, 0.99} {
			name := fmt.Sprintf("throughput_%sp%.0f", k.name, 100*q)
			quiet, turning := pool(t.quiet, k.of, q), pool(t.turns, k.of, q)
			t.Note(name, quiet, "ms")
			t.Note(name+"_turning", turning, "ms")
			t.Note(name+"_ratio_of_all", turning/quiet, "×")
		}
	}
	low, high := medianInterval(ratios)
	t.AtMost("throughput_p99_ratio", quantile(ratios, 0.5), "×, median of rounds", 1.2)
	t.Note("throughput_p99_ratio_low", low, "×, of a 95 % interval")
	t.Note("throughput_p99_ratio_high", high, "×, of a 95 % interval")
	t.Note("throughput_p99_ratio_by_chance", quantile(chance, 0.5), "×, of spans without a turn")
	students, asked, requests := 0, 0, 0
	for _, s := range slices.Concat(t.quiet, t.turns) {
		students, asked, requests = students+s.students, asked+len(s.task), requests+len(s.task)+len(s.passed)
	}
	t.Note("throughput_rounds", float64(len(t.turns)), "rounds")
	t.Note("throughput_requests", float64(requests), "requests")
	t.Note("throughput_by_student", share(students, asked), "share of the task's requests")
	t.Note("throughput_turn_cpu", t.cpu/t.wall, "processors that turns took, mean")
	t.Note("throughput_load_average", load, "processes that ran or waited, of all on the machine")
}

// quantile is the least value that a share q of all do not exceed.
func quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(x))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// medianInterval is the order statistics between which the median lies with 95 % confidence, by the sign test's normal approximation.
func medianInterval(x []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(x))
	n := float64(len(sorted))
	off := 0.98 * math.Sqrt(n)
	return sorted[max(0, int(n/2-off))], sorted[min(len(sorted)-1, int(math.Ceil(n/2+off)))]
}

// loadAverage is the system's of the last minute; 0: not known.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	load := 0.0
	if _, err := fmt.Sscan(string(text), &load); err != nil {
		return 0
	}
	return load
}
