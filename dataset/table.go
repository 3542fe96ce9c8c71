// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// table reads a file of rows and columns.
func (r *reader) table(in *lines, tabs bool) error {
	rows := &rows{in: in, comma: '\t', oneLine: tabs}
	if !tabs {
		rows.comma = 0 // found at the first line
	}
	header, err := rows.next()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	} else if err != nil {
		return err
	}
	names := make([]string, len(header))
	for i, name := range header {
		names[i] = strings.ToValidUTF8(strings.TrimSpace(string(name)), "\ufffd")
	}
	input, label, found, err := r.find(names, true)
	if err != nil {
		return &lineError{rows.line, err}
	}
	r.set.Columns = found
	for {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if len(row) != len(names) {
			return &lineError{rows.line, fmt.Errorf("the row has %d fields, the first line %d; put a field that holds %q into quotes", len(row), len(names), rows.comma)}
		}
		e := Example{Line: rows.line, Text: string(row[input])}
		if label >= 0 {
			e.Label = string(row[label])
		}
		if err := r.add(e); err != nil {
			return err
		}
	}
}
