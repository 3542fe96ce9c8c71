// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

// Ticket is what was drawn for one request. It is a value that may be read by many goroutines.
type Ticket struct {
	Request int64 // its number
	// Audited says that the teacher is asked whatever the student says, and that this was drawn before anything looked at the request.
	Audited bool
	// Serving is the version whose answer may be given; nil: the teacher answers.
	Serving *Version
	// Also is another version that is put the same request, to compare; nil: there is none. Its answer is never given.
	Also *Version

	luck float64
	out  *outs
}

// outs are the classes that are taken out, or suspicious, at a moment. It is never changed.
type outs struct {
	aside map[string]bool    // these answers are not given
	point map[string]float64 // chance with which an answer is put to the teacher as well
}

// Decision says what happens to a request.
type Decision struct {
	Give bool // the answer of Serving is given; else the teacher's
	Ask  bool // the teacher is asked, be it only to compare
}

// Decide says whether what Serving said is given. Where there is no Serving the teacher is asked.
func (t *Ticket) Decide(said Said) Decision {
	if t.Serving == nil || t.out.aside[said.Answer] || !t.Serving.Certificate.Answers(said.Score) {
		return Decision{Ask: true}
	}
	return Decision{Give: true, Ask: t.Audited || t.luck < t.out.point[said.Answer]}
}

// Outcome is what came of a request.
type Outcome struct {
	Text  string
	Slice string // a part of the traffic that must not pay for the mean, such as a language; empty: none
	Said  Said   // by Serving, if there is one
	Also  Said   // by Also, if there is one
	Given bool   // Said was the answer
	Label string // the teacher's answer; empty: it was not asked, or failed
	// Logged says that it is told from a log of audits, which other requests are not in: it says nothing of what is asked.
	Logged bool
	Seen   bool // See was told what was said
}

// Ask begins a request: it draws whether the request is audited and who answers it. It must be called before anything has
// looked at the request. Requests are numbered 1, 2, … in the order of Ask.
func (w *Wheel) Ask() Ticket { return w.AskAt(0) }

// AskAt is Ask for a caller that has numbers of its own, such as times: any that grow. What is not above the last one is
// taken for the next.
func (w *Wheel) AskAt(number int64) Ticket {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = max(w.requests+1, number)
	w.asked++
	t := Ticket{Request: w.requests, Serving: w.champion, luck: w.draw(w.requests, drawPoint), out: w.out}
	rate := 1.0 // the teacher is asked anyway
	if w.champion != nil || w.canary != nil {
		rate = w.rate()
		w.credit = min(w.credit+w.Budget, w.loan())
	}
	t.Audited = w.draw(w.requests, drawAudit) < rate
	switch {
	case w.canary != nil && w.draw(w.requests, drawCanary) < w.share():
		t.Serving, t.Also = w.canary, w.champion
	case w.canary != nil:
		t.Also = w.canary
	case w.challenger != nil:
		t.Also = w.challenger
	case w.champion == nil:
		t.Also = w.fallen
	}
	if t.Serving == nil {
		t.Audited = true
	}
	return t
}

// What is drawn for a request.
const (
	drawAudit = iota
	drawCanary
	drawPoint
	drawRank
)

// draw returns a number in [0, 1) that depends on the seed, the request and what it is for alone.
func (w *Wheel) draw(request int64, what uint64) float64 {
	x := w.Seed ^ uint64(request)*0x9e3779b97f4a7c15 ^ what*0xd1342543de82ef95
	for range 2 { // the finaliser of splitmix64 (G. L. Steele, D. Lea, C. H. Flood 2014)
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}

const (
	burst = 0.5  // share of the requests that is audited while there is evidence of a change, or a canary to be proved
	lent  = 0.75 // part of the loan that canaries may spend, so that some is left for evidence of a change
)

// rate is the share of the requests that is audited at the moment. It depends on the past alone. What is not spent, since
// the teacher answers some of the requests anyway, is saved up for when more is needed.
func (w *Wheel) rate() float64 {
	switch {
	case w.credit <= -w.loan():
		return w.Budget / 2
	case w.canary != nil && w.credit > -lent*w.loan(), w.restless(), w.unfamiliar():
		return max(w.Budget, burst)
	}
	return w.Budget
}

// loan is how many audits may be saved up, or spent in advance.
func (w *Wheel) loan() float64 { return float64(w.Loan) * w.Budget }

// share is the part of the requests that the canary answers.
func (w *Wheel) share() float64 {
	return min(1, float64(1+max(0, w.canary.grade))/float64(w.ladder().all))
}
