// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package soak puts thousands of requests of every dialect through a gateway, on loopback and in this process, to
// upstreams of every dialect that misbehave in every way we know: they refuse in storms, close connections, break off in
// the middle, stall, send what is no event, report errors half way; and clients go away. What an upstream does stands in
// the prompt, and every piece of its answer names the request, so that an answer that is another's, or short, is found.
//
// Both far ends are written against the vendors' documentation and share no code with the gateway's dialects.
package soak

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"retort/bench/internal/rig"
	"retort/dialect"
)

// Options say how much to do.
type Options struct {
	Requests int       // beside a tenth of them before anything is counted
	Clients  int       // at a time
	Seed     uint64    // of what each request is
	Log      io.Writer // progress and what was wrong; nil: nowhere
}

// Run soaks and adds figures to r: what was wrong, crossed, short, miscounted and left behind, all of which must be
// nothing, and how fast upstreams were left alone once their client had gone.
func Run(ctx context.Context, o Options, r *rig.Result) error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	report, err := soak(ctx, o)
	if err != nil {
		return err
	}
	for _, line := range report.wrong {
		fmt.Fprintln(o.Log, "wrong:", line)
	}
	report.judge(r)
	return nil
}

// meeting is a pair of dialects and what happened between them.
type meeting struct {
	client, upstream string
	act              act
}

// report is what came of it.
type report struct {
	Options
	pairs  int
	met    map[meeting]int
	whole  int // answers that came whole, and were right
	failed int // requests that had to fail, and did so in their dialect's way
	left   int // requests whose client went away
	wrong  []string
	short  int // answers that ended as if they were whole, but were not
	mixed  int // answers with something of another's

	unrecorded int // requests that never came to a model

	far           *far
	books         books
	before, after standing
	warm          int // requests before the first count
	length        time.Duration
}

// soak warms everything up with a tenth of the requests, counts what is held, makes all requests, and counts again.
func soak(ctx context.Context, o Options) (*report, error) {
	r := &report{Options: o, met: map[meeting]int{}, far: &far{}, warm: max(o.Requests/10, 100)}
	all := voices()
	upstreams := map[string]*httptest.Server{}
	for name, v := range all {
		upstreams[name] = r.far.serve(name, v.mouth)
		defer upstreams[name].Close()
	}
	g, err := openGateway(upstreams, o.Log)
	if err != nil {
		return nil, err
	}
	var clients []string
	for _, name := range names(all) {
		if all[name].ear != nil {
			clients = append(clients, name)
		}
	}
	r.pairs = len(clients) * len(upstreams)
	s := &soaker{report: r, base: g.url, voices: all, clients: clients, upstreams: names(all)}
	s.run(ctx, 0, r.warm)
	s.quiet(g)
	r.before = settled()
	start := time.Now()
	s.run(ctx, r.warm, r.warm+o.Requests)
	r.length = time.Since(start)
	s.quiet(g)
	r.after = settledTo(r.before.goroutines)
	if err := g.close(); err != nil {
		return nil, err
	}
	r.books.traces, r.books.answered, r.books.estimated, r.books.said = g.books.traces, g.books.answered, g.books.estimated, g.books.said
	r.wrong = append(r.wrong, r.far.wrong...)
	return r, ctx.Err()
}

// quiet lets go of what is kept for further requests.
func (s *soaker) quiet(g *near) {
	s.http.CloseIdleConnections()
	s.http = nil
	for _, p := range g.providers {
		p.Close()
	}
	s.report.far.fates.Clear()
}

// soaker makes requests.
type soaker struct {
	report    *report
	base      string
	voices    map[string]voice
	clients   []string
	upstreams []string
	http      *http.Client

	mu sync.Mutex
}

// run makes the requests from one number to another.
func (s *soaker) run(ctx context.Context, from, to int) {
	s.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s.report.Clients, DisableCompression: true}}
	rng := rand.New(rand.NewPCG(s.report.Seed, uint64(from)))
	orders := make(chan order)
	var workers sync.WaitGroup
	for range s.report.Clients {
		workers.Go(func() {
			for o := range orders {
				s.one(ctx, o)
			}
		})
	}
	for id := from; id < to && ctx.Err() == nil; id++ {
		orders <- draw(rng, id, s.clients, s.upstreams)
		if n := id - from; n > 0 && n%1000 == 0 {
			fmt.Fprintf(s.report.Log, "  %d requests\n", n)
		}
	}
	close(orders)
	workers.Wait()
}

// one makes a request and judges its answer.
func (s *soaker) one(ctx context.Context, o order) {
	h, err := s.ask(ctx, &o)
	s.judge(&o, h, err)
}

// judge says whether what a client got is what the order allows.
func (s *soaker) judge(o *order, h *heard, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.report
	r.met[meeting{o.client, o.upstream, o.act}]++
	if o.act == garbled {
		r.unrecorded++
	}
	if foreign(h, o) {
		r.mixed++
		r.blame(o, h, err, "something of another answer")
		return
	}
	switch {
	case o.act == cancel:
		r.left++
		if h.complete {
			r.short++
			r.blame(o, h, err, "an answer that had no end is complete")
		}
	case o.answered():
		if why := s.right(h, o, err); why != "" {
			r.blame(o, h, err, why)
			return
		}
		r.whole++
	case h.complete && h.failed == "" && h.status == http.StatusOK:
		r.short++
		r.blame(o, h, err, "an answer that broke off looks complete")
	case h.status != http.StatusOK && !o.refused(h.status):
		r.blame(o, h, err, "another status than there should be")
	case h.status == http.StatusOK && h.failed == "" && !errors.Is(err, io.ErrUnexpectedEOF):
		r.short++
		r.blame(o, h, err, "nothing says that the answer broke off")
	default:
		r.failed++
	}
}

const mostWrong = 60

func (r *report) blame(o *order, h *heard, err error, why string) {
	if len(r.wrong) < mostWrong {
		r.wrong = append(r.wrong, fmt.Sprintf("%s to %s, stream %v, order %d (%s): %s: status %d, %d bytes of text, complete %v, said %q, %v",
			o.client, o.upstream, o.stream, o.id, o.act, why, h.status, len(h.text), h.complete, h.failed, err))
	} else {
		r.wrong = append(r.wrong, why)
	}
}

// foreign says whether there is something in an answer that is not of its order.
func foreign(h *heard, o *order) bool {
	return !strings.HasPrefix(o.text(), string(h.text)) || h.argument != "" && h.argument != o.argument()
}

// right returns what is wrong with a whole answer.
func (s *soaker) right(h *heard, o *order, err error) string {
	want := o.told()
	calls := 0
	if o.calls() {
		calls = 1
	}
	switch {
	case err != nil || h.failed != "" || h.status != http.StatusOK:
		return "there is no answer"
	case !h.complete || string(h.text) != o.text():
		return "the answer is short"
	case h.calls != calls:
		return "a call is missing"
	case h.usage.input != want.input || h.usage.output != want.output:
		return fmt.Sprintf("the usage is %+v, not %+v", h.usage, want)
	case speaks(o.client, dialect.UsageCached) && h.usage.cached != want.cached, speaks(o.client, dialect.UsageReasoning) && h.usage.reasoning != want.reasoning:
		return fmt.Sprintf("the usage is %+v, not %+v", h.usage, want)
	}
	return ""
}

// ask sends the request of an order and listens to the answer, or goes away.
func (s *soaker) ask(ctx context.Context, o *order) (*heard, error) {
	h := &heard{}
	v := s.voices[o.client].ear
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	url, header, body := v.request(s.base, "to-"+o.upstream, o)
	text := marshal(body)
	if o.act == garbled {
		text = text[:len(text)/2]
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return h, err
	}
	req.Header.Set("Content-Type", "application/json")
	for key, values := range header {
		req.Header[key] = values
	}
	fate := s.report.far.fate(o.id)
	if o.act == cancel && (!o.stream || o.id%3 == 0) { // before anything is answered
		go func() {
			select {
			case <-fate.arrived:
				fate.left.Store(time.Now().UnixNano())
				leave()
			case <-ctx.Done():
			}
		}()
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	h.status = resp.StatusCode
	if !o.stream || resp.StatusCode != http.StatusOK {
		return h, s.wholeAnswer(resp, v, h)
	}
	pieces := 0
	err = v.hear(&events{in: bufio.NewReader(resp.Body)}, h, func() {
		pieces++
		if o.act == cancel && ctx.Err() == nil {
			fate.left.Store(time.Now().UnixNano())
			leave()
		}
		if o.act == lazy && pieces%200 == 1 {
			time.Sleep(20 * time.Millisecond)
		}
	})
	if err == io.EOF {
		return h, fmt.Errorf("the stream ended without its end")
	}
	return h, err
}

func (s *soaker) wholeAnswer(resp *http.Response, v ear, h *heard) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		return v.hearWhole(body, h)
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") || len(body) < 2 {
		return fmt.Errorf("an error that is no JSON: %.200s", body)
	}
	h.failed = string(body)
	return nil
}

// judge turns the report into figures.
func (r *report) judge(to *rig.Result) {
	to.Note("requests", float64(r.Requests), "")
	to.Note("pairs_of_dialects", float64(r.pairs), "")
	to.Note("meetings_of_pair_and_act", float64(len(r.met)), "")
	to.Note("seconds", r.length.Seconds(), "s")
	to.Note("answered_whole", float64(r.whole), "")
	to.Note("failed_as_they_should", float64(r.failed), "")
	to.Note("left_by_their_client", float64(r.left), "")
	to.AtMost("wrong", float64(len(r.wrong)), "", 0)
	to.AtMost("crossed_answers", float64(r.mixed), "", 0)
	to.AtMost("silently_short_answers", float64(r.short), "", 0)
	to.Note("upstream_calls_completed", float64(r.far.answered), "")
	to.Note("attempts_estimated", float64(r.books.estimated), "")
	to.AtMost("traces_missing", distance(r.Requests+r.warm-r.unrecorded, r.books.traces), "", 0)
	to.AtMost("attempts_miscounted", distance(r.far.answered, r.books.answered), "", 0)
	to.AtMost("input_tokens_miscounted", distance(r.far.said.input, r.books.said.input), "", 0)
	to.AtMost("cached_tokens_miscounted", distance(r.far.said.cached, r.books.said.cached), "", 0)
	to.AtMost("reasoning_tokens_miscounted", distance(r.far.said.reasoning, r.books.said.reasoning), "", 0)
	to.AtMost("output_tokens_miscounted", distance(r.far.said.output, r.books.said.output), "", 0)
	to.AtMost("goroutines_more", float64(r.after.goroutines-r.before.goroutines), "", 0)
	to.AtMost("heap_more", (float64(r.after.heap)-float64(r.before.heap))/(1<<20), "MiB", 2)
	to.Note("cancel_p50", r.far.delay.at(0.5).Seconds()*1e3, "ms")
	to.Note("cancel_p99", r.far.delay.at(0.99).Seconds()*1e3, "ms")
}

func distance(a, b int) float64 { return float64(max(a-b, b-a)) }
