// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

// Fixed returns the first fair labels since the last change of meaning, n at most: a set to ask the teacher again from time to
// time. It stays the same until there is another change.
func (w *Wheel) Fixed(n int) []Label {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Label
	for _, l := range w.memory.from(w.memory.epoch) {
		if len(out) == n {
			break
		}
		if l.Fair {
			one := *l
			one.said = nil
			out = append(out, one)
		}
	}
	return out
}

// Reasked takes what the teacher said to a request of the fixed set that it was asked again: whether it is the same as the
// first time. While it is as consistent as Options.Consistency, so many answers pass on average, at least, until a false alarm
// as patienceService says. An alarm has more audited and a student trained; students that agree with a teacher that is no
// more are taken out by what audits show.
func (w *Wheel) Reasked(same bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.teacher.Judge(same) {
		return
	}
	w.happened(Event{Kind: AlarmTeacher, Evidence: w.teacher.E(), Patience: w.teacher.Patience,
		Says: "the teacher does not answer the same requests as it did"})
	w.teacher = newTeacher(w.Consistency)
	w.alert = w.requests
}
