// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"retort/internal/sections"
	"retort/model"
)

// Contest is a request with several answers to it of which is known how good they are.
type Contest struct {
	Request *model.Request
	Answers []*model.Response // their Model says who gave them
	Worth   []float64         // of each answer, from 0 to 1: a grade, or how often it is preferred to a common rival
}

// Ranker picks the best of several answers by what was learned from recorded contests. It asks nobody. It is safe for
// concurrent use, and a compose.Comparer of answers whose Model is the name of the model that gave them in the contests.
type Ranker struct {
	// First is the model whose answers were worth most. The others are preferred to it where something speaks for them:
	// of answers alike its own is to be taken.
	First   string
	Models  []string // who gave the answers that it learned from, in the order in which they were met
	learned *Learned
}

// TrainRanker returns a ranker that learned from contests. Each answer is compared with that of the model that is best over
// all, where the contest has one, else with its first; the difference of their worths says how often it is preferred. A
// contest with one answer teaches how good such an answer is. Errors are those of Train.
func TrainRanker(ctx context.Context, contests []Contest, how Training) (*Ranker, error) {
	r := &Ranker{}
	if err := r.meet(contests); err != nil {
		return nil, fmt.Errorf("train ranker: %w", err)
	}
	var lessons Lessons
	for i := range contests {
		c := &contests[i]
		if len(c.Answers) == 1 {
			lessons.Verdicts = append(lessons.Verdicts, Verdict{Request: c.Request, Response: c.Answers[0], Good: c.Worth[0]})
			continue
		}
		top := r.anchor(c.Answers)
		for m := range c.Answers {
			if m != top {
				lessons.Preferences = append(lessons.Preferences, Preference{Request: c.Request, A: c.Answers[m], B: c.Answers[top],
					Better: 0.5 + (c.Worth[m]-c.Worth[top])/2})
			}
		}
	}
	var err error
	if r.learned, err = Train(ctx, lessons, how); err != nil {
		return nil, fmt.Errorf("train ranker: %w", err)
	}
	return r, nil
}

// meet notes who gave answers, and whose were worth most on average.
func (r *Ranker) meet(contests []Contest) error {
	var sum, count []float64
	for i := range contests {
		c := &contests[i]
		if len(c.Answers) == 0 || len(c.Worth) != len(c.Answers) {
			return fmt.Errorf("contest %d has %d answers of which %d are judged; give each a worth", i, len(c.Answers), len(c.Worth))
		}
		for m, answer := range c.Answers {
			if answer == nil || !(c.Worth[m] >= 0 && c.Worth[m] <= 1) {
				return fmt.Errorf("contest %d: answer %d is missing, or its worth %v %w", i, m, c.Worth[m], errTarget)
			}
			at := slices.Index(r.Models, answer.Model)
			if at < 0 {
				at = len(r.Models)
				r.Models, sum, count = append(r.Models, answer.Model), append(sum, 0), append(count, 0)
			}
			sum[at], count[at] = sum[at]+c.Worth[m], count[at]+1
		}
	}
	best := -1.0
	for at, name := range r.Models {
		if mean := sum[at] / count[at]; mean > best {
			r.First, best = name, mean
		}
	}
	return nil
}

// anchor returns the place of the answer that the others are compared with.
func (r *Ranker) anchor(answers []*model.Response) int {
	return max(0, slices.IndexFunc(answers, func(a *model.Response) bool { return a.Model == r.First }))
}

// Compare returns the chance that a is better than b. Of answers with several choices the first count.
func (r *Ranker) Compare(ctx context.Context, req *model.Request, a, b *model.Response) (float64, error) {
	return r.learned.Compare(ctx, req, a, b)
}

// Best returns the place of the best of some answers, of which there is one at least. An answer must be more likely better
// than not than that of the model that is best over all to be taken instead of it.
func (r *Ranker) Best(ctx context.Context, req *model.Request, answers []*model.Response) (int, error) {
	top := r.anchor(answers)
	best, chance := top, 0.5
	for m := range answers {
		if m == top {
			continue
		}
		better, err := r.learned.Compare(ctx, req, answers[m], answers[top])
		if err != nil {
			return 0, fmt.Errorf("rank answer %d: %w", m, err)
		}
		if better > chance {
			best, chance = m, better
		}
	}
	return best, nil
}

// String says what it learned from.
func (r *Ranker) String() string {
	c := &r.learned.card
	return fmt.Sprintf("a ranker trained on %d comparisons and %d single answers of %d models; compared with %s", c.Preferences, c.Verdicts, len(r.Models), r.First)
}

var rankerFormat = sections.Format{Magic: "RETORTJR", Version: FormatVersion, Name: "ranker", Corrupt: ErrCorrupt}

type rankerCard struct {
	First  string   `json:"first"`
	Models []string `json:"models"`
}

// Encode returns the ranker's file.
func (r *Ranker) Encode() ([]byte, error) {
	text, err := json.Marshal(rankerCard{r.First, r.Models})
	if err != nil {
		return nil, fmt.Errorf("encode ranker: %w", err)
	}
	body, err := r.learned.Encode()
	if err != nil {
		return nil, err
	}
	var w sections.Writer
	w.Add(sectionCard, text)
	w.Add(sectionLearned, body)
	return w.Bytes(&rankerFormat), nil
}

var errNoFirst = errors.New("the model that is best over all is none of the models")

// DecodeRanker returns the ranker whose file data holds, after checking its digest and every number. It keeps data, which
// must not be modified any more. Bytes that are no ranker give an error that is ErrCorrupt.
func DecodeRanker(data []byte) (*Ranker, error) {
	s, err := sections.Read(data, &rankerFormat)
	if err != nil {
		return nil, err
	}
	text, _ := s.Section(sectionCard)
	var card rankerCard
	if err := json.Unmarshal(text, &card); err != nil {
		return nil, rankerFormat.Errorf("card: %v", err)
	}
	if !slices.Contains(card.Models, card.First) {
		return nil, rankerFormat.Errorf("card: %v", errNoFirst)
	}
	body, _ := s.Section(sectionLearned)
	r := &Ranker{First: card.First, Models: card.Models}
	if r.learned, err = DecodeLearned(body); err != nil {
		return nil, err
	}
	return r, nil
}
