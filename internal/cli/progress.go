// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far long work has come: a bar on a terminal, elsewhere a line when a stage begins and now and then while it lasts. Its
// Step may be called from many goroutines.
type progress struct {
	s     *session
	mu    sync.Mutex
	stage string
	bar   *progressbar.ProgressBar
	start time.Time
	told  time.Time // when the last line was written
	total int
	quiet bool
}

// tellEvery is how often a line says how far a stage is, where there is no terminal.
const tellEvery = 15 * time.Second

func (s *session) progress(quiet bool) *progress { return &progress{s: s, quiet: quiet} }

// Step says that done of total units of a stage are done.
func (p *progress) Step(stage string, done, total int) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if stage != p.stage {
		p.end()
		p.begin(stage, total)
	}
	if p.bar == nil && total > 0 && time.Since(p.told) >= tellEvery {
		p.told = time.Now()
		fmt.Fprintf(p.s.Stderr, "%s: %d of %d\n", stage, min(done, total), total)
	}
	if p.bar != nil {
		if total != p.total {
			p.total = total
			p.bar.ChangeMax(max(total, 1))
		}
		_ = p.bar.Set(min(done, max(total, 1))) // a terminal that refuses output is no reason to stop the work
	}
}

// End finishes the last stage.
func (p *progress) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

func (p *progress) begin(stage string, total int) {
	p.stage, p.start, p.told, p.total = stage, time.Now(), time.Now(), total
	if !p.s.Terminal {
		fmt.Fprintf(p.s.Stderr, "%s …\n", stage)
		return
	}
	p.bar = progressbar.NewOptions(max(total, 1),
		progressbar.OptionSetWriter(p.s.Stderr), progressbar.OptionSetDescription(fmt.Sprintf("%-24s", stage)),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionShowCount())
}

func (p *progress) end() {
	if p.stage == "" {
		return
	}
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
		after := ""
		if p.s.ctx.Err() != nil {
			after = "stopped after "
		}
		fmt.Fprintf(p.s.Stderr, "%s: %s%s\n", p.stage, after, duration(time.Since(p.start)))
	}
	p.stage = ""
}
