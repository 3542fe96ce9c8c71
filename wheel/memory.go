// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import "sort"

// Label is a request with the teacher's answer.
type Label struct {
	Request int64
	Text    string
	Label   string
	Slice   string
	// Fair says that the label was asked for by chance alone, so that it may judge. It is false in lessons where the
	// label is from before a change.
	Fair bool

	said map[int]Said // by version that had not learned from it
}

// memory holds the labels in the order of their requests.
type memory struct {
	labels []*Label
	// epoch is the request at which the labels that judge begin: the last change of meaning. fallen is who was taken
	// out for it.
	epoch  int64
	fallen *Version
}

// add keeps a label, and the latest most of them.
func (m *memory) add(l *Label, most int) {
	i := len(m.labels)
	for i > 0 && m.labels[i-1].Request > l.Request { // audits come late
		i--
	}
	m.labels = append(m.labels, nil)
	copy(m.labels[i+1:], m.labels[i:])
	m.labels[i] = l
	if len(m.labels) > most+most/4 {
		m.labels = append([]*Label(nil), m.labels[len(m.labels)-most:]...)
	}
}

// from returns the labels of requests from request on.
func (m *memory) from(request int64) []*Label {
	return m.labels[sort.Search(len(m.labels), func(i int) bool { return m.labels[i].Request >= request }):]
}

// sizes are how many labels there are for a lesson.
type sizes struct{ all, fair int }

// sizes counts the labels since the last change of meaning, and those of them that may judge.
func (m *memory) sizes() sizes {
	since := m.from(m.epoch)
	s := sizes{all: len(since)}
	for _, l := range since {
		if l.Fair {
			s.fair++
		}
	}
	return s
}

// fairSince counts the labels that judge from a request on, up to enough.
func (m *memory) fairSince(request int64, enough int) int {
	n := 0
	for _, l := range m.from(max(request, m.epoch)) {
		if n >= enough {
			break
		}
		if l.Fair {
			n++
		}
	}
	return n
}
