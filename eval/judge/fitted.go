// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"retort/compose"
	"retort/eval/certify"
	"retort/model"
)

// Record is an answer of a cascade's cheap model of which is known whether it was good enough.
type Record struct {
	Request  *model.Request
	Response *model.Response
	Good     bool
}

// Fitting says how Fit works.
type Fitting struct {
	// Goal is the share of good answers wanted among those accepted, and the confidence that it is reached.
	Goal certify.Goal
	// Verify scores the answers; nil: a Learned is trained on one half of the requests and judged on the other, or, with
	// Own, the score counts that an answer came with.
	Verify compose.Verifier
	Own    bool
	// Verifier names what Verify is, so that a threshold is never used with the scores of another; any text.
	Verifier string
	// Concurrent is how many answers are scored at a time; 0: 8.
	Concurrent int
	// Seed draws the half that a Learned is trained on.
	Seed uint64
}

// Fitted is what Fit found: the threshold from which on a cascade may accept. Ask its Certificate.
type Fitted struct {
	Verifier    string              `json:"verifier"`
	Certificate certify.Certificate `json:"certificate"`
	Trained     int                 `json:"trained,omitempty"`  // records that Learned was trained on, and that judged nothing
	Unjudged    int                 `json:"unjudged,omitempty"` // records without a verdict; a cascade never accepts such
	Prompt      *Prompt             `json:"prompt,omitempty"`   // of the judge that scored; nil: as configured, or there is none
	Learned     *Learned            `json:"-"`                  // nil where the verifier is another
	Scored      []Scored            `json:"-"`                  // the answers that the certificate rests on; nil when it was read from a file
}

// Scored is a request with the score of its recorded answer.
type Scored struct {
	Request *model.Request
	Score   float64
}

// String says in one sentence what is promised of the answers that are accepted.
func (f *Fitted) String() string {
	c := &f.Certificate
	if !c.Speaks() {
		return "silent: " + cmp.Or(c.Reason, "nothing is certified")
	}
	return fmt.Sprintf("certified: with confidence %.4g at least %.4g of the answers accepted are good, for scores of %.4f and above (%d of %d unseen answers accepted, %d of them good)",
		c.Confidence, c.Lower, c.Threshold, c.Answered, c.Labels, c.Agreed)
}

var errUnlearned = errors.New("no verifier was learned")

var errOneSided = errors.New("a verifier learns from good answers and bad ones")

// Fit finds the threshold of a cascade from recorded answers of its cheap model. By certify.StrictGood, with the goal's
// confidence at least the goal's share of the answers accepted will be good, for requests like those recorded.
// The records must not have served to choose the verifier, its options or its prompt. What scoring costs goes on the trail
// in ctx.
//
// Too little evidence gives a silent certificate that says why, not an error. An error names a goal out of range or a
// record that cannot be read, or is that of ctx.
func Fit(ctx context.Context, records []Record, how Fitting) (*Fitted, error) {
	if err := how.Goal.Check(); err != nil {
		return nil, fmt.Errorf("fit cascade: %w", err)
	}
	for i := range records {
		if records[i].Request == nil || records[i].Response == nil {
			return nil, fmt.Errorf("fit cascade: record %d lacks its request or answer", i)
		}
	}
	f := &Fitted{Verifier: how.Verifier}
	verify := how.Verify
	switch {
	case how.Own:
		verify = compose.VerifierFunc(ownScore)
	case verify == nil:
		learn, rest, err := Halves(records, how.Seed)
		if err != nil {
			return nil, fmt.Errorf("fit cascade: %w", err)
		}
		f.Learned, err = trainOn(ctx, learn, how.Seed)
		if errors.Is(err, errOneSided) || errors.Is(err, errFewLessons) {
			f.Certificate = certify.Certificate{Method: certify.MethodStrict, Status: certify.Silent, Target: how.Goal.Agreement,
				Confidence: how.Goal.Confidence, Reason: err.Error()}
			return f, nil
		}
		if err != nil {
			return nil, fmt.Errorf("fit cascade: %w", err)
		}
		records, verify, f.Trained = rest, f, len(learn)
	}
	var judged []certify.Judgement
	var err error
	if judged, f.Scored, err = scored(ctx, records, verify, how.Concurrent); err != nil {
		return nil, fmt.Errorf("fit cascade: %w", err)
	}
	f.Unjudged = len(records) - len(judged)
	if f.Certificate, err = certify.StrictGood(judged, how.Goal); err != nil {
		return nil, fmt.Errorf("fit cascade: %w", err)
	}
	return f, nil
}

// Verify scores an answer with the learned verifier, whoever gave it; without one there is an error. It is what a cascade
// asks: a model may have other names in records than in answers, so that names have no part in a threshold.
func (f *Fitted) Verify(ctx context.Context, req *model.Request, resp *model.Response) (float64, error) {
	if f.Learned == nil {
		return 0, errUnlearned
	}
	return f.Learned.Verify(ctx, req, nameless(resp))
}

// nameless returns a copy of an answer that does not say who gave it.
func nameless(resp *model.Response) *model.Response {
	own := *resp
	own.Model = ""
	return &own
}

// ownScore is the score that an answer came with.
func ownScore(_ context.Context, _ *model.Request, resp *model.Response) (float64, error) {
	return resp.Score, nil
}

// Halves divides records by their requests: equal ones stay together.
func Halves(records []Record, seed uint64) (learn, rest []Record, err error) {
	for i := range records {
		text, err := asked(records[i].Request)
		if err != nil {
			return nil, nil, fmt.Errorf("record %d: %w", i, err)
		}
		if mixed(mixed(hashOf(text), seed), 2)>>40&1 == 0 {
			learn = append(learn, records[i])
		} else {
			rest = append(rest, records[i])
		}
	}
	return learn, rest, nil
}

func trainOn(ctx context.Context, records []Record, seed uint64) (*Learned, error) {
	lessons := Lessons{Verdicts: make([]Verdict, len(records))}
	good := 0
	for i, r := range records {
		lessons.Verdicts[i] = Verdict{Request: r.Request, Response: nameless(r.Response), Good: passes(r.Good)}
		if r.Good {
			good++
		}
	}
	if good == 0 || good == len(records) {
		return nil, fmt.Errorf("%d of %d records are good: %w", good, len(records), errOneSided)
	}
	return Train(ctx, lessons, Training{Seed: seed})
}

// scored returns the judgements of records, in order, without those that got no verdict.
func scored(ctx context.Context, records []Record, verify compose.Verifier, concurrent int) (judged []certify.Judgement, of []Scored, err error) {
	if concurrent <= 0 {
		concurrent = 8
	}
	scores, failed := make([]float64, len(records)), make([]bool, len(records))
	var group errgroup.Group
	group.SetLimit(concurrent)
	for i := range records {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			score, err := verify.Verify(ctx, records[i].Request, records[i].Response)
			scores[i], failed[i] = score, err != nil || !(score >= 0 && score <= 1)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil { // verdicts failed for it
		return nil, nil, err
	}
	for i := range records {
		if !failed[i] {
			judged = append(judged, certify.Judgement{Score: scores[i], Agree: records[i].Good})
			of = append(of, Scored{records[i].Request, scores[i]})
		}
	}
	return judged, of, nil
}
