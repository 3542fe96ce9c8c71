// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"retort/model"
)

// jsonFlag is embedded by every command that prints a result.
type jsonFlag struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// json prints one value, indented for people who pipe it to a pager.
func (s *session) json(v any) error {
	enc := json.NewEncoder(s.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// column is a column of a table.
type column struct {
	name  string
	right bool // aligned to the right, as numbers are
}

// columns returns columns by their names; those that begin with ">" are aligned to the right.
func columns(names ...string) []column {
	out := make([]column, len(names))
	for i, name := range names {
		out[i].name, out[i].right = strings.CutPrefix(name, ">")
	}
	return out
}

// table prints rows under a header, in columns.
func (s *session) table(header []column, rows [][]string) error {
	names := make([]string, len(header))
	for i := range header {
		names[i] = header[i].name
	}
	all := append([][]string{names}, rows...)
	widths := make([]int, len(header))
	for _, row := range all {
		for i := range row {
			row[i] = printable(row[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range all {
		line := &strings.Builder{}
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if header[i].right {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(s.Stdout, b.String())
	return err
}

// line prints a named value of several that are shown below each other; what is empty is left out.
func (s *session) line(name, text string) {
	if text != "" {
		fmt.Fprintf(s.Stdout, "%-12s %s\n", name, printable(text))
	}
}

// money prints an amount with as many decimals as others in the same column.
func money(m model.Money) string { return fmt.Sprintf("$%.6f", m.Dollars()) }

// printable keeps untrusted text from moving the terminal's cursor or breaking the table.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

// printableLines is printable for text of several lines.
func printableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// clip shortens text to n runes.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

// clock prints a time in the local zone, to the second.
func clock(t time.Time) string { return t.Local().Format(time.DateTime) }

// duration prints a time span with about three digits; none as a dash.
func duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.1f µs", d.Seconds()*1e6)
}

// bytesText prints a size.
func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.0f kB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// counted is a number and its noun, whose plural ends in s.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// percent prints a share.
func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
