// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
)

// The table stands between these lines.
const begin, end = "<!-- clients:begin -->\n", "<!-- clients:end -->"

// writeTable writes the table of clients and upstreams into a document.
func writeTable(path string, s *summary) error {
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	from, to := bytes.Index(doc, []byte(begin)), bytes.Index(doc, []byte(end))
	if from < 0 || to < from {
		return fmt.Errorf("%s has no place for the table: want the lines %q and %q", path, begin, end)
	}
	out := slices.Concat(doc[:from+len(begin)], table(s), doc[to:])
	return os.WriteFile(path, out, 0o644)
}

func table(s *summary) []byte {
	var ups []string
	var rows []string
	cells := map[string]map[string]string{}
	for _, d := range s.Outcomes {
		row := fmt.Sprintf("%s | %s | %s", d.Client, d.Version, d.Speaks)
		if cells[row] == nil {
			cells[row] = map[string]string{}
			rows = append(rows, row)
		}
		if !slices.Contains(ups, d.Upstream) {
			ups = append(ups, d.Upstream)
		}
		cells[row][d.Upstream] = "fails"
		if d.OK {
			cells[row][d.Upstream] = "works"
		}
	}
	var b bytes.Buffer
	b.WriteString("\n| client | version | speaks |")
	for _, u := range ups {
		fmt.Fprintf(&b, " %s |", u)
	}
	b.WriteString("\n| --- | --- | --- |")
	for range ups {
		b.WriteString(" --- |")
	}
	b.WriteByte('\n')
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |", row)
		for _, u := range ups {
			fmt.Fprintf(&b, " %s |", cells[row][u])
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.Bytes()
}
