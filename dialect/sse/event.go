// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package sse

import "bytes"

var dataField, eventField = []byte("data: "), []byte("event: ")

// parse reads the fields of one block of lines; ok is false when it holds no data. single says that it is one line.
func (r *Reader) parse(block []byte, single bool) (ev Event, ok bool) {
	if single && bytes.HasPrefix(block, dataField) { // what nearly all events look like
		return Event{Data: block[len(dataField):]}, true
	}
	if ev, ok := r.named(block); ok {
		return ev, true
	}
	lines := 0
	r.joined = r.joined[:0]
	for len(block) > 0 {
		line, rest := block, []byte(nil)
		if j := nextBreak(block, 0); j >= 0 {
			after, _ := afterBreak(block, j, true)
			line, rest = block[:j], block[after:]
		}
		block = rest
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			ev.Name = string(value)
		case "data":
			if lines > 0 {
				r.joined = append(r.joined, '\n')
			}
			r.joined = append(r.joined, value...)
			lines++
		}
	}
	ev.Data = r.joined
	return ev, lines > 0
}

// named reads what the other events look like: a name and one line of data. It is false for all others. A name that is
// the same as that of the event before takes no memory.
func (r *Reader) named(block []byte) (ev Event, ok bool) {
	name, found := bytes.CutPrefix(block, eventField)
	if !found {
		return ev, false
	}
	name, data, _ := bytes.Cut(name, []byte("\n"))
	data, found = bytes.CutPrefix(data, dataField)
	if !found || bytes.IndexByte(data, '\n') >= 0 || bytes.IndexByte(block, '\r') >= 0 {
		return ev, false
	}
	if string(name) != r.name {
		r.name = string(name)
	}
	return Event{Name: r.name, Data: data}, true
}

// Append appends an event to dst as it goes over the wire. Data of several lines becomes several data fields.
func Append(dst []byte, name string, data []byte) []byte {
	if name != "" {
		dst = append(append(append(dst, "event: "...), name...), '\n')
	}
	for {
		j := nextBreak(data, 0)
		if j < 0 {
			break
		}
		dst = append(append(append(dst, dataField...), data[:j]...), '\n')
		after, _ := afterBreak(data, j, true)
		data = data[after:]
	}
	return append(append(append(dst, dataField...), data...), '\n', '\n')
}
