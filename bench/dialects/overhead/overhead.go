// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package overhead measures what it costs to translate: the CPU time of a real gateway for a request of each dialect to
// an upstream of each dialect, over that of a bare reverse proxy in front of the same upstream, in the same run.
//
// Upstreams answer at once with the same bytes each time, from a process of their own. Requests are made in a closed
// loop by 16 clients; every answer is read to its end and must hold its last word and the mark of a complete answer.
// CPU time is that of the gateway's process by the kernel's account, in steps of 10 ms, hence runs of seconds.
package overhead

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"retort/bench/internal/rig"
)

// Options say what is measured.
type Options struct {
	Binary    string        // the retort to measure; empty: built
	Length    time.Duration // of one run
	Rounds    int           // over which the median is taken
	Scenarios []string      // names; empty: all
	Clients   []string      // dialects; empty: all
	Upstreams []string      // dialects; empty: all
}

// The dialects of clients and upstreams.
var (
	clientDialects   = []string{"openai", "responses", "anthropic", "gemini", "ollama"}
	upstreamDialects = []string{"openai", "responses", "anthropic", "gemini", "ollama", "bedrock"}
)

// scenario is a kind of request.
type scenario struct {
	name   string
	prompt int // bytes
	stream bool
	cross  float64 // the most that a call across dialects may cost, in times the proxy
}

var scenarios = []scenario{
	{"1kb", 1 << 10, false, 3},
	{"60kb", 60 << 10, false, 4},
	{"stream100", 1 << 10, true, 3},
}

const workers = 16

// Run measures and adds figures to r: for each scenario the worst and the median ratio within and across dialects, and
// each pair's.
func Run(ctx context.Context, o Options, r *rig.Result) error {
	if len(o.Clients) == 0 {
		o.Clients = clientDialects
	}
	if len(o.Upstreams) == 0 {
		o.Upstreams = upstreamDialects
	}
	folder, err := os.MkdirTemp("", "retort-overhead")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	m, err := start(ctx, o, folder)
	if err != nil {
		return err
	}
	defer m.stop()
	for _, s := range scenarios {
		if len(o.Scenarios) > 0 && !slices.Contains(o.Scenarios, s.name) {
			continue
		}
		if err := m.measure(ctx, o, s, r); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// machinery is all that runs.
type machinery struct {
	far     *helper            // the upstreams
	floors  map[string]*helper // a bare proxy in front of each
	gateway *rig.Gateway
	key     string
}

func start(ctx context.Context, o Options, folder string) (*machinery, error) {
	m := &machinery{floors: map[string]*helper{}}
	if err := os.Setenv("RETORT_UPSTREAM_KEY", "of-no-worth"); err != nil {
		return nil, err
	}
	retort, err := rig.Build(ctx, o.Binary, folder)
	if err != nil {
		return nil, err
	}
	tool := filepath.Join(folder, "farend")
	if err := rig.Compile(ctx, ".", tool, "./bench/dialects/farend"); err != nil {
		return nil, err
	}
	if m.far, err = begin(ctx, tool, "upstream"); err != nil {
		return nil, err
	}
	var config bytes.Buffer
	config.WriteString("data: ./data\nproviders:\n")
	for _, d := range o.Upstreams {
		if m.floors[d], err = begin(ctx, tool, "floor", m.far.url); err != nil {
			m.stop()
			return nil, err
		}
		fmt.Fprintf(&config, "  %s: {dialect: %s, base_url: %q, api_key: ${RETORT_UPSTREAM_KEY}}\n", d, d, m.far.url+"/"+d+under[d])
	}
	config.WriteString("models:\n")
	for _, d := range o.Upstreams {
		fmt.Fprintf(&config, "  m-%s: {provider: %s, name: m}\n", d, d)
	}
	path, err := retort.File("retort.yaml", config.Bytes())
	if err == nil {
		m.key, err = retort.CreateKey(ctx, path)
	}
	var address string
	if err == nil {
		address, err = rig.FreeAddress()
	}
	if err == nil {
		m.gateway, err = retort.Serve(ctx, path, address)
	}
	if err != nil {
		m.stop()
		return nil, err
	}
	return m, nil
}

// under is what follows the upstream's own prefix in a base URL.
var under = map[string]string{"openai": "/v1", "responses": "/v1", "gemini": "/v1beta"}

func (m *machinery) stop() {
	if m.gateway != nil {
		m.gateway.Kill()
	}
	for _, f := range m.floors {
		f.stop()
	}
	m.far.stop()
}

// measure measures one scenario.
func (m *machinery) measure(ctx context.Context, o Options, s scenario, r *rig.Result) error {
	var same, cross []float64
	for _, up := range o.Upstreams {
		for _, client := range o.Clients {
			var ratios []float64
			for range max(o.Rounds, 1) {
				ratio, err := m.ratio(ctx, o.Length, s, client, up)
				if err != nil {
					return fmt.Errorf("%s to %s: %w", client, up, err)
				}
				ratios = append(ratios, ratio)
			}
			slices.Sort(ratios)
			ratio := ratios[len(ratios)/2]
			r.Note(s.name+"_"+client+"_to_"+up, ratio, "×")
			if client == up {
				same = append(same, ratio)
			} else {
				cross = append(cross, ratio)
			}
			fmt.Fprintf(os.Stderr, "%-9s %-9s → %-9s %.2f × the proxy\n", s.name, client, up, ratio)
		}
	}
	if len(same) > 0 {
		r.Note(s.name+"_same_dialect_worst", slices.Max(same), "×") // make bench-gateway has the floors
	}
	if len(cross) > 0 {
		slices.Sort(cross)
		r.Note(s.name+"_cross_dialect_median", cross[len(cross)/2], "×")
		r.AtMost(s.name+"_cross_dialect_worst", slices.Max(cross), "×", s.cross)
	}
	return nil
}

// ratio runs the proxy and the gateway one after the other and compares their CPU time for a request.
func (m *machinery) ratio(ctx context.Context, length time.Duration, s scenario, client, up string) (float64, error) {
	direct, err := ask(m.floors[up].url+"/"+up+under[up], "m", up, s)
	if err != nil {
		return 0, err
	}
	direct.forgive = 100
	floor, err := load(ctx, length, direct, m.floors[up].pid)
	if err != nil {
		return 0, fmt.Errorf("through the bare proxy: %w", err)
	}
	base := m.gateway.URL + above[client]
	through, err := ask(base, "m-"+up, client, s)
	if err != nil {
		return 0, err
	}
	through.header.Set("Authorization", "Bearer "+m.key)
	cost, err := load(ctx, length, through, m.gateway.PID())
	if err != nil {
		return 0, err
	}
	return cost / floor, nil
}

// above is where the gateway's paths of a dialect begin.
var above = map[string]string{"openai": "/v1", "responses": "/v1", "gemini": "/v1beta"}

// question is a request that is made again and again.
type question struct {
	url    string
	header http.Header
	body   []byte
	want   [2]string // what every answer must hold: its last word, and its end

	// forgive is how many failures do not count. A bare proxy sends a request on while it still reads it, and cuts the
	// stream about once in a thousand times when the answer begins before that is over; a gateway may not.
	forgive int64
}

// load makes requests for a while and returns the CPU seconds of the process for each.
func load(ctx context.Context, length time.Duration, q question, pid int) (float64, error) {
	ctx, stop := context.WithTimeout(ctx, length+time.Minute)
	defer stop()
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}}
	defer c.CloseIdleConnections()
	run := func(length time.Duration) (int64, error) {
		var n, failed atomic.Int64
		var first error
		var once sync.Once
		var wg sync.WaitGroup
		until := time.Now().Add(length)
		for range workers {
			wg.Go(func() {
				for time.Now().Before(until) {
					if err := one(ctx, c, q); err != nil && failed.Add(1) > q.forgive {
						once.Do(func() { first = err })
						return
					}
					n.Add(1)
				}
			})
		}
		wg.Wait()
		return n.Load(), first
	}
	if _, err := run(length / 5); err != nil { // to warm up
		return 0, err
	}
	before, err := cpu(pid)
	if err != nil {
		return 0, err
	}
	n, err := run(length)
	if err != nil {
		return 0, err
	}
	after, err := cpu(pid)
	return (after - before) / float64(n), err
}

func one(ctx context.Context, c *http.Client, q question) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.url, bytes.NewReader(q.body))
	if err != nil {
		return err
	}
	req.Header = q.header
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %.300s", resp.StatusCode, answer)
	}
	for _, want := range q.want {
		if !bytes.Contains(answer, []byte(want)) {
			return fmt.Errorf("an answer without %q: %.300s … %s", want, answer, answer[max(0, len(answer)-300):])
		}
	}
	return nil
}

// cpu returns the CPU seconds a process has used (proc(5), utime and stime, in ticks of 10 ms).
func cpu(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, &rig.MissingError{What: "CPU times are read from /proc, which Linux alone has"}
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	sum := 0.0
	for _, f := range fields[11:13] {
		ticks, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		sum += ticks / 100
	}
	return sum, nil
}

// helper is a process of the far end: upstreams, or a bare proxy.
type helper struct {
	url string
	pid int
	cmd *exec.Cmd
}

func begin(ctx context.Context, tool string, args ...string) (*helper, error) {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var where struct{ URL string }
	if err := json.NewDecoder(out).Decode(&where); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	return &helper{url: where.URL, pid: cmd.Process.Pid, cmd: cmd}, nil
}

func (h *helper) stop() {
	if h != nil {
		h.cmd.Process.Kill() // it fails only when the process is gone
		h.cmd.Wait()         // always says that it was killed
	}
}
