// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package sse

import "bytes"

var dataField = []byte("data: ")

// parse reads the fields of one block of lines; ok is false when it holds no data. single says that it is one line.
func (r *Reader) parse(block []byte, single bool) (ev Event, ok bool) {
	if single && bytes.HasPrefix(block, dataField) { // what nearly all events look like
		return Event{Data: block[len(dataField):]}, true
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
