// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"retort/compose"
	"retort/eval/certify"
	"retort/eval/judge"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/model"
)

// cascade is a cascade of the configuration. One that accepts by a certified threshold is silent, so that its strong model
// answers all, until it has been given what was fitted for it; that can be replaced while it serves.
type cascade struct {
	model    *compose.Cascade // while nothing is certified its Strong answers alone
	goal     certify.Goal
	verifier string // names how answers are scored, and whose; see judge.Fitting
	by       *config.Cascade
	judge    model.Model                     // that verifies; nil: none does
	judging  string                          // names it, for tunings of its prompt
	now      atomic.Pointer[compose.Cascade] // nil: silent
	why      atomic.Pointer[string]          // it is silent
	tuning   atomic.Pointer[string]          // id of the tuning that was taken up; nil or empty: none was
}

func (p *Plant) cascade(name string, c *config.Cascade) (model.Model, error) {
	cheap, err := p.part(c.Cheap)
	if err != nil {
		return nil, err
	}
	strong, err := p.part(c.Strong)
	if err != nil {
		return nil, err
	}
	least, certified, err := c.Threshold()
	if err != nil {
		return nil, fmt.Errorf("cascade.accept: %w", err)
	}
	verify, err := p.verifier(&c.Verify, cheap)
	if err != nil {
		return nil, fmt.Errorf("cascade.verify.%w", err)
	}
	m := &cascade{goal: certify.Goal{Agreement: c.Agreement, Confidence: c.Confidence}, verifier: p.fingerprint(c), by: c,
		model: &compose.Cascade{Cheap: cheap, Strong: strong, Accept: compose.AtLeast(least), Verify: verify, Within: c.Timeout,
			Logprobs: c.Verify.Logprob != ""}}
	if j := c.Verify.Judge; j != nil {
		if m.judge, err = p.part(j.Model); err != nil {
			return nil, fmt.Errorf("cascade.verify.judge: %w", err)
		}
		m.judging = p.judging(j)
	}
	if certified {
		m.silence(errUntuned.Error())
	} else {
		m.now.Store(m.model)
	}
	if certified || m.judge != nil {
		p.Tunables[name] = m
	}
	p.cascades[name] = m
	return m, nil
}

// Generate asks the strong model alone while nothing is certified.
func (c *cascade) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if m := c.now.Load(); m != nil {
		return m.Generate(ctx, req, emit)
	}
	return c.model.Strong.Generate(ctx, req, emit)
}

// silence makes the strong model answer alone.
func (c *cascade) silence(why string) {
	c.why.Store(&why)
	c.now.Store(nil)
}

// silent says why the strong model answers alone; empty where it does not.
func (c *cascade) silent() string {
	if c.now.Load() != nil {
		return ""
	}
	return *c.why.Load()
}

var (
	errNotCertain = errors.New("the cascade accepts by a fixed rule; write accept: certified to have a threshold fitted")
	errOtherScore = errors.New("it was fitted for answers scored in another way, or of another model; fit it anew")
	errUnlearned  = errors.New("no verifier was learned; fit it anew")
)

// use gives a cascade what was fitted for it; its requests are answered so from the next one on. What was fitted for
// another verifier, cheap model or goal is refused, and the cascade then falls silent: its threshold would promise nothing.
func (c *cascade) use(f *judge.Fitted) error {
	if c.by.Accept != config.AcceptCertified {
		return errNotCertain
	}
	err := c.fits(f)
	switch {
	case err != nil:
		c.silence(err.Error())
		return err
	case !f.Certificate.Speaks():
		c.silence(cmp.Or(f.Certificate.Reason, "nothing is certified"))
		return nil
	}
	m := c.with(f.Certificate.Answers, c.model.Verify)
	switch {
	case f.Learned != nil:
		m.Verify = f
	case f.Prompt != nil && c.judge != nil:
		m.Verify = c.grader(*f.Prompt)
	}
	c.now.Store(m)
	return nil
}

// with returns the cascade as it is with another rule and verifier.
func (c *cascade) with(accept func(float64) bool, verify compose.Verifier) *compose.Cascade {
	return &compose.Cascade{Cheap: c.model.Cheap, Strong: c.model.Strong, Accept: accept, Verify: verify, Within: c.model.Within, Logprobs: c.model.Logprobs}
}

// grader is the judge, told by a prompt.
func (c *cascade) grader(prompt judge.Prompt) compose.Verifier {
	return judge.Grade(c.judge, judge.Grading{Prompt: prompt, Logprobs: c.by.Verify.Judge.Logprobs})
}

func (c *cascade) fits(f *judge.Fitted) error {
	switch {
	case f.Verifier != c.verifier:
		return errOtherScore
	case f.Certificate.Target < c.goal.Agreement || f.Certificate.Confidence < c.goal.Confidence:
		return fmt.Errorf("it was fitted for an agreement of %v with confidence %v, and %v with %v is wanted; fit it anew",
			f.Certificate.Target, f.Certificate.Confidence, c.goal.Agreement, c.goal.Confidence)
	case c.by.Verify.By == config.VerifyLearned && f.Certificate.Speaks() && f.Learned == nil:
		return errUnlearned
	}
	return nil
}

// fitting says how what a cascade accepts is fitted.
func (c *cascade) fitting() judge.Fitting {
	return judge.Fitting{Goal: c.goal, Verify: c.model.Verify, Verifier: c.verifier, Own: c.by.Verify.By == config.VerifyScore}
}

// fingerprint names how the answers of a cascade are scored, and whose answers these are: a certificate is worth nothing
// once another model stands behind a name, or another schema in the file.
func (p *Plant) fingerprint(c *config.Cascade) string {
	behind, schema := []string{c.Cheap}, ""
	v := &c.Verify
	if v.Judge != nil {
		behind = append(behind, v.Judge.Model)
	}
	named := origin.Describe(p.Config, behind...)
	switch {
	case v.Judge != nil:
	case v.Samples != nil && v.Samples.Task != "":
		named[v.Samples.Task] = p.Config.Tasks[v.Samples.Task]
	case v.Schema != "":
		if document, err := os.ReadFile(v.Schema); err == nil { // else the verifier cannot be made either
			schema = string(document)
		}
	}
	text, err := json.Marshal(struct {
		Cheap  string
		Verify config.Verify
		Schema string
		Named  map[string]any
	}{c.Cheap, c.Verify, schema, named})
	if err != nil { // text and numbers always marshal
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// verifier returns what scores the answers of a cascade; nil for their own score, and for what is yet to be learned.
func (p *Plant) verifier(v *config.Verify, cheap model.Model) (compose.Verifier, error) {
	switch {
	case v.By == config.VerifyJSON:
		return judge.JSON(), nil
	case v.Match != "":
		expression, err := regexp.Compile(v.Match)
		if err != nil {
			return nil, fmt.Errorf("match: %w", err)
		}
		return judge.Match(expression), nil
	case v.Schema != "":
		return schemaVerifier(v.Schema)
	case v.Command != nil:
		made, err := judge.Command(judge.Program{Args: v.Command.Run, Concurrent: v.Command.Concurrent})
		if err != nil {
			return nil, fmt.Errorf("command: %w", err)
		}
		return made, nil
	case v.Logprob != "":
		return judge.Logprob(judge.LogprobOf(v.Logprob)), nil
	case v.Samples != nil:
		return p.agreement(v.Samples, cheap)
	case v.Judge != nil:
		m, err := p.part(v.Judge.Model)
		if err != nil {
			return nil, fmt.Errorf("judge: %w", err)
		}
		return judge.Grade(m, judge.Grading{Prompt: judge.Prompt{Rubric: v.Judge.Rubric}, Logprobs: v.Judge.Logprobs}), nil
	}
	return nil, nil
}

func schemaVerifier(path string) (compose.Verifier, error) {
	document, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	v, err := judge.Schema(document)
	if err != nil {
		return nil, fmt.Errorf("schema: %s: %w", path, err)
	}
	return v, nil
}

func (p *Plant) agreement(s *config.Samples, cheap model.Model) (compose.Verifier, error) {
	how := judge.Sampling{Samples: s.Count, Temperature: s.Temperature}
	switch {
	case s.Task != "":
		c := p.Config.Tasks[s.Task]
		contract, err := c.Contract(s.Task)
		if err != nil {
			return nil, fmt.Errorf("task: %w", err)
		}
		how.Meaning = contract.Parse
	case s.Same == "json":
		how.Meaning = judge.JSONValue
	}
	return judge.Agreement(cheap, how), nil
}

// cascadeMetrics counts what became of cheap answers. A reload begins anew.
type cascadeMetrics struct {
	now     func() *Plant
	answers *prometheus.Desc
}

func newCascadeMetrics(now func() *Plant) cascadeMetrics {
	return cascadeMetrics{now, prometheus.NewDesc("retort_cascade_answers_total",
		"Answers of a cascade's cheap model by what became of them: accepted, rejected, unjudged (there was no verdict), or failed (there was no answer).",
		[]string{"model", "outcome"}, nil)}
}

// Describe names the metric.
func (m cascadeMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- m.answers }

// Collect counts.
func (m cascadeMetrics) Collect(ch chan<- prometheus.Metric) {
	p := m.now()
	for _, name := range slices.Sorted(maps.Keys(p.cascades)) {
		serving := p.cascades[name].now.Load()
		if serving == nil {
			continue
		}
		c := serving.Counts()
		for outcome, n := range map[string]int{"accepted": c.Accepted, "rejected": c.Rejected, "unjudged": c.Unjudged, "failed": c.Failed} {
			ch <- prometheus.MustNewConstMetric(m.answers, prometheus.CounterValue, float64(n), name, outcome)
		}
	}
}
