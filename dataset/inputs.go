// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

// ReadInputs reads a file as ReadFile does, but its examples need no label, nor the file a column of labels: labels that
// are there are read. A conversation whose last turn is no answer is an input as a whole.
func ReadInputs(path string, columns Columns) (*Set, error) {
	return keep(path, columns, true)
}

// find returns the positions of both columns among names, and their names; of a label that is not there, and need not be,
// -1 and no name.
func (r *reader) find(names []string, table bool) (input, label int, found Columns, err error) {
	input, label, found, err = r.wanted.find(names, table)
	if err == nil || !r.bare || r.wanted.Label != "" {
		return input, label, found, err
	}
	at, e := pick(r.wanted.Input, inputNames, names, "input text", "--input")
	switch {
	case e == nil && table && looksLikeData(names):
		return 0, 0, Columns{}, err
	case e == nil:
		return at, -1, Columns{Input: names[at]}, nil
	case len(names) == 1 && !(table && looksLikeData(names)) && r.wanted.Input == "":
		return 0, -1, Columns{Input: names[0]}, nil // one column is the input whatever its name
	}
	return input, label, found, err
}
