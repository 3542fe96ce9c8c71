// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"retort/compose"
	"retort/model"
)

// Sampling says how Agreement asks; the zero value is ready to use.
type Sampling struct {
	Samples     int     // answers asked for beside the one that is judged; 0: 4
	Temperature float64 // they are drawn with; 0: 1
	// Meaning maps answers that say the same to the same text, and has false for those that say nothing usable, which
	// agree with none. It must be safe for concurrent use. nil: Folded.
	Meaning func(answer string) (string, bool)
}

// Agreement returns a verifier that asks m the same several times at once and returns the share of its answers that mean
// the same as the one judged (X. Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language Models",
// 2023). A sample that fails agrees with none; when all fail the last of their errors is returned.
//
// Each sample has a seed of its own, so that a cache in m does not give the same answer to all. A task's teacher passes
// neither temperature nor seed on: put no cache behind one.
func Agreement(m model.Model, how Sampling) compose.Verifier {
	if how.Samples <= 0 {
		how.Samples = 4
	}
	if how.Temperature == 0 {
		how.Temperature = 1
	}
	if how.Meaning == nil {
		how.Meaning = Folded
	}
	s := sampler{m, how}
	return compose.VerifierFunc(func(ctx context.Context, req *model.Request, resp *model.Response) (float64, error) {
		if len(resp.Choices) == 0 {
			return 0, errNoAnswer
		}
		drawn, err := s.draw(ctx, req)
		if err != nil {
			return 0, err
		}
		least := 1.0
		for i := range resp.Choices {
			least = min(least, s.share(said(&resp.Choices[i].Message), drawn))
		}
		return least, nil
	})
}

type sampler struct {
	model model.Model
	how   Sampling
}

// draw returns the answers of those samples that did not fail.
func (s sampler) draw(ctx context.Context, req *model.Request) ([]string, error) {
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	answers, failures := make([]*model.Response, s.how.Samples), make([]error, s.how.Samples)
	var group errgroup.Group
	for i := range answers {
		group.Go(func() error {
			answers[i], failures[i] = s.model.Generate(ctx, s.again(req, content, i), model.Discard)
			return nil
		})
	}
	_ = group.Wait() // failures has the errors
	var drawn []string
	for i, resp := range answers {
		if err = failures[i]; err == nil && len(resp.Choices) > 0 {
			drawn = append(drawn, said(&resp.Choices[0].Message))
		}
	}
	if len(drawn) == 0 {
		return nil, fmt.Errorf("ask %d times again: %w", s.how.Samples, err)
	}
	return drawn, nil
}

// again returns the request of a sample.
func (s sampler) again(req *model.Request, content *model.Content, sample int) *model.Request {
	c, seed := *content, int64(sample+1)
	c.Temperature, c.Seed = &s.how.Temperature, &seed
	c.N, c.Logprobs, c.TopLogprobs, c.IncludeUsage = 0, false, 0, false
	again := req.WithContent(&c)
	again.Stream, again.Strict = false, false
	return again
}

// share returns how many of the samples mean what the answer does.
func (s sampler) share(answer string, drawn []string) float64 {
	want, ok := s.how.Meaning(answer)
	if !ok {
		return 0
	}
	same := 0
	for _, d := range drawn {
		if got, ok := s.how.Meaning(d); ok && got == want {
			same++
		}
	}
	return float64(same) / float64(s.how.Samples)
}

// Folded is the meaning of answers that may differ in case, spacing and punctuation; answers of nothing else mean
// nothing.
func Folded(answer string) (string, bool) {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(answer, func(r rune) bool {
		return !(unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || unicode.IsSymbol(r))
	}) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ToLower(word))
	}
	return b.String(), b.Len() > 0
}

// JSONValue is the meaning of answers that are JSON: order of fields, spacing and the spelling of numbers do not matter.
// Other answers mean nothing.
func JSONValue(answer string) (string, bool) {
	d := json.NewDecoder(strings.NewReader(answer))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return "", false
	}
	if _, err := d.Token(); err != io.EOF {
		return "", false
	}
	text, err := json.Marshal(plainNumbers(value)) // maps come out sorted
	return string(text), err == nil
}

// plainNumbers spells equal numbers alike. Whole ones keep all their digits.
func plainNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		f, err := v.Float64()
		switch {
		case err != nil:
			return v
		case f == math.Trunc(f) && math.Abs(f) < 1<<53:
			return int64(f)
		}
		return f
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	}
	return value
}
