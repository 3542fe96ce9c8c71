// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import "retort/eval/certify"

// Answerer is a student, such as a student.Any: it answers a text, with the calibrated probability that the teacher would say
// the same, 0 where it would not answer, and whether the text is unlike those that it learned from. It must be safe for
// concurrent use.
type Answerer interface {
	Notice(text string) (answer string, score float64, novel bool)
}

// Stage says what a version does.
type Stage string

// The stages. Every version stays runnable in all of them.
const (
	Rejected   Stage = "rejected"   // did not pass the gate
	Challenger Stage = "challenger" // answers nothing; compared with the champion
	Canary     Stage = "canary"     // answers a share of the requests
	Champion   Stage = "champion"   // answers
	Retired    Stage = "retired"    // another took its place
	Fallen     Stage = "fallen"     // an alarm took it out; what it would say shows which labels still hold
)

// Version is one trained student. What is exported never changes; its stage is Status's.
type Version struct {
	ID          int    // 1, 2, …
	Name        string // as who offered it knows it
	Student     Answerer
	Certificate certify.Certificate
	Labels      int   // it was trained on
	Fair        int   // of them those that could judge it
	Request     int64 // the last request of which it could know

	held      map[int64]Said     // by request: what siblings said that had not seen its label
	errs      map[string]float64 // share of disagreement by answer, among held answers above the threshold
	compared  []Pair             // what it was compared with the champion by before it came here
	relearned map[string]bool    // classes that were out when it learned, and of which it had labels since
	stage     Stage
	grade     int   // of a canary: answers that are known to agree, less penalties
	looks     int   // of a challenger: how often its gate was tried
	next      int   // of a challenger: requests met at which it is tried again
	met       Met   // of a challenger: the requests that it is compared on
	begun     int64 // of a challenger: the request after which all were met
	harm      *fall // of a canary: evidence that it does not keep the goal
}

// Said is what a version answers to a request.
type Said struct {
	Answer string  `json:"answer"`
	Score  float64 `json:"score"` // in [0, 1]
	Novel  bool    `json:"novel,omitempty"`
}

// Ask puts a text to the version.
func (v *Version) Ask(text string) Said {
	answer, score, novel := v.Student.Notice(text)
	return Said{answer, score, novel}
}
