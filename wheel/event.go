// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

// Kind says what an event is about.
type Kind string

// The kinds of events. Alarm reports which of them are alarms.
const (
	AlarmService Kind = "alarm_service" // agreement fell below the goal; the student is out
	AlarmClass   Kind = "alarm_class"   // a class changed its meaning; it is out
	AlarmClasses Kind = "alarm_classes" // several did; the student is out
	AlarmInput   Kind = "alarm_input"   // requests are not what they were
	AlarmTeacher Kind = "alarm_teacher" // the teacher no longer answers the same requests as it did
	AlarmCanary  Kind = "alarm_canary"  // a canary does not keep the goal; it is out
	Judged       Kind = "judged"        // a candidate came to the gate
	Promoted     Kind = "promoted"      // a canary became champion
	ClassBack    Kind = "class_back"    // a class that was out is answered again
	TakenOut     Kind = "taken_out"     // not by an alarm
	RolledBack   Kind = "rolled_back"   // by a person
	PutBack      Kind = "put_back"      // by a person
)

// Alarm reports whether events of this kind are alarms.
func (k Kind) Alarm() bool {
	switch k {
	case AlarmService, AlarmClass, AlarmClasses, AlarmInput, AlarmTeacher, AlarmCanary:
		return true
	}
	return false
}

// Event is something that happened to a task, with its evidence.
type Event struct {
	Request int64  `json:"request"`      // the latest request at that moment
	At      int64  `json:"at,omitempty"` // by the clock of Options; 0: there is none
	Kind    Kind   `json:"kind"`
	Version int    `json:"version,omitempty"` // that it is about; 0: none
	Class   string `json:"class,omitempty"`   // that it is about; empty: none
	// Evidence is that of the detector, and Patience what it takes for an alarm; 0 for other events.
	Evidence float64 `json:"evidence,omitempty"`
	Patience float64 `json:"patience,omitempty"`
	Since    int64   `json:"since,omitempty"` // the request from which on it most likely holds; 0: not said
	Says     string  `json:"says"`
}

// longestStory is how many events are kept, the latest.
const longestStory = 1000

func (w *Wheel) happened(e Event) {
	e.Request = w.requests
	if w.Clock != nil {
		e.At = w.Clock()
	}
	if len(w.events) >= 2*longestStory {
		w.events = append(w.events[:0], w.events[longestStory:]...)
	}
	w.events = append(w.events, e)
	if w.Notice != nil {
		w.Notice(e)
	}
}

// Events returns what happened, the latest thousand at least.
func (w *Wheel) Events() []Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Event(nil), w.events...)
}
