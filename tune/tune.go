// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package tune fits the weights of blends on recorded outcomes: how good models' answers to the same requests were, and
// what they cost. One file holds one kind of blend; each is a Fitter, which returns the artefact that its blend takes up and a
// report of what that is worth on requests that it has not seen.
package tune

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"retort/eval"
	"retort/model"
)

// Record is one request with what is known of models' answers to it.
type Record struct {
	Content  *model.Content
	Domain   string             // what kind of request it is; may be empty
	Label    string             // the right answer; may be empty
	Line     int                // of the file it came from; 0: of none
	Outcomes map[string]Outcome // by the models' names
}

// Outcome is how one model answered.
type Outcome struct {
	Quality float64 // from 0 to 1
	Cost    float64 // US dollars
	Answer  string  // its text; may be empty
}

// Job is what to tune, and on what.
type Job struct {
	Blend   string
	Models  []string // its parts
	Records []Record
	Seed    uint64
	Workers int    // goroutines; 0: all cores
	Judge   *Hired // who may be asked for verdicts; nil: nobody

	Progress func(stage string, done, total int) // may be nil; called from several goroutines
}

// Fitter fits one kind of blend.
type Fitter interface {
	// Kind is the kind of blend, as the configuration calls it.
	Kind() string
	// Fit returns what the blend takes up, and the report. It fails when the records cannot teach anything, and when ctx
	// ends. The same job gives the same artefact.
	Fit(ctx context.Context, job *Job) (artefact []byte, report *Report, err error)
}

// Report says what a blend was tuned on, and what that is worth.
type Report struct {
	Blend  string `json:"blend"`
	Kind   string `json:"kind"`
	Tuning string `json:"tuning,omitempty"` // its id; empty: it was not kept

	Records  int     `json:"records"`
	Complete int     `json:"complete"` // with an outcome of every model
	Models   []Known `json:"models"`

	Target  string      `json:"target"`
	Reached bool        `json:"reached"` // on the records, cross-fitted
	Lambda  float64     `json:"lambda,omitempty"`
	Margin  float64     `json:"margin,omitempty"`  // by how much another model must be expected to beat the strongest
	Learned string      `json:"learned,omitempty"` // what the choice rests on
	HeldOut *Held       `json:"held_out,omitempty"`
	Verdict string      `json:"verdict"`              // is it better and cheaper than its best part?
	Outdone string      `json:"outdone_by,omitempty"` // the part that does as well for no more; empty: none is known to
	InUse   bool        `json:"in_use,omitempty"`     // it was put in use
	More    int         `json:"more,omitempty"`
	Prompts []Tried     `json:"prompts,omitempty"`   // of a judge, that were tried
	Spent   model.Money `json:"spent_usd,omitempty"` // on verdicts
	// Judge is how often the judge agrees by the prompt that was chosen, on outcomes that served for no choice; nil: there were too few.
	Judge    *eval.Estimate `json:"judge,omitempty"`
	Warnings []string       `json:"warnings,omitempty"`
}

// Known is what the records say of one model.
type Known struct {
	Model    string  `json:"model"`
	Outcomes int     `json:"outcomes"`
	Quality  float64 `json:"quality"` // mean
	Cost     float64 `json:"cost"`    // mean, US dollars
}

// Held is what the blend would have done on complete records that it has not learned from.
type Held struct {
	Quality eval.Estimate      `json:"quality"` // mean
	Cost    eval.Estimate      `json:"cost"`    // mean, US dollars
	Shares  map[string]float64 `json:"shares"`  // of the requests, by model
	Places  []eval.Place       `json:"places"`  // the blend, then its parts, on the plane of quality and cost
	Verdict *eval.Verdict      `json:"verdict"`
	Oracle  float64            `json:"oracle"`            // mean quality of choosing the best model for each request
	Missed  bool               `json:"missed,omitempty"`  // the target, on these requests
	Untuned *float64           `json:"untuned,omitempty"` // mean quality of a vote in which all count alike; nil: it is no vote
}

// Worthwhile says whether the tuning should be put in use: nothing is known to do as well for no more. A vote asks all its models with or
// without a tuning, so that its tuning need only be as good as votes that count alike.
func (r *Report) Worthwhile() bool {
	if h := r.HeldOut; r.Kind == KindVote {
		return h == nil || h.Untuned == nil || h.Quality.Value >= *h.Untuned
	}
	return r.Outdone == ""
}

// outdone names the part that does as well as the blend for no more, on requests that the blend has not learned from. A blend that asks
// all its parts for one answer (all) pays for each of them: the best part outdoes it unless it is shown to be better than every one. Of
// others a part must be at least as good and at most as dear. Where they could not be compared there is none.
func (h *Held) outdone(all bool) string {
	switch {
	case !all:
		return cmp.Or(h.Places[0].DominatedBy, h.equal())
	case h.Verdict.QualityIs != eval.Higher:
		return h.Verdict.Best
	}
	return ""
}

// equal names the part that is as good as the blend and as dear, which is what a blend comes to that always asks the same one; empty:
// there is none.
func (h *Held) equal() string {
	const slack = 1e-9 // means of the same numbers in another order
	blend := h.Places[0]
	for _, part := range h.Places[1:] {
		if math.Abs(part.Quality-blend.Quality) <= slack && math.Abs(part.Cost-blend.Cost) <= slack*math.Abs(blend.Cost) {
			return part.Name
		}
	}
	return ""
}

func (j *Job) progress(stage string, done, total int) {
	if j.Progress != nil {
		j.Progress(stage, done, total)
	}
}

// describe begins a report.
func (j *Job) describe(kind string) *Report {
	r := &Report{Blend: j.Blend, Kind: kind, Records: len(j.Records)}
	for _, name := range j.Models {
		k := Known{Model: name}
		for i := range j.Records {
			if o, ok := j.Records[i].Outcomes[name]; ok {
				k.Outcomes++
				k.Quality += o.Quality
				k.Cost += o.Cost
			}
		}
		if k.Outcomes > 0 {
			k.Quality /= float64(k.Outcomes)
			k.Cost /= float64(k.Outcomes)
		}
		r.Models = append(r.Models, k)
	}
	for i := range j.Records {
		if j.complete(i) {
			r.Complete++
		}
	}
	return r
}

// complete says whether a record has an outcome of every model.
func (j *Job) complete(i int) bool {
	return !slices.ContainsFunc(j.Models, func(name string) bool {
		_, ok := j.Records[i].Outcomes[name]
		return !ok
	})
}

// Least is how many outcomes a fit needs: of a route, of each of two models; of others, requests that teach. What fewer teach is a
// matter of luck.
const Least = 20

// tooFew says that there are not enough outcomes.
func (j *Job) tooFew(what string, n int) error {
	return &NothingError{j.Blend, fmt.Sprintf("%s %d, and %d are the least", what, n, Least)}
}

// NothingError says that records teach nothing.
type NothingError struct{ Blend, Why string }

// Error says why.
func (e *NothingError) Error() string {
	return fmt.Sprintf("nothing can be learned for %s: %s", e.Blend, e.Why)
}

// Hint says where outcomes come from.
func (e *NothingError) Hint() string {
	return "give outcomes of its models on the same requests (--data FILE), or send feedback on its answers and tune --from traces"
}

// check refuses a job that cannot be done.
func (j *Job) check() error {
	if len(j.Records) == 0 {
		return &NothingError{j.Blend, "there are no outcomes"}
	}
	for i := range j.Records {
		if j.Records[i].Content == nil {
			return fmt.Errorf("tune %s: record %d has no request", j.Blend, i)
		}
	}
	return nil
}
