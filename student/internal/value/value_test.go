// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package value

import (
	"fmt"
	"math"
	"testing"
)

func TestNumber(t *testing.T) {
	for s, want := range map[string]float64{
		"12": 12, " 7 ": 7, "-3.5": -3.5, "+4": 4, ".5": 0.5, "1,250.75": 1250.75, "12,345,678": 12345678, "50%": 50, "50 %": 50, "3rd": 3, "21st": 21,
		"five": 5, "Twenty-Five": 25, "twenty five": 25, "zero": 0, "nineteen": 19, "one hundred": 100, "two hundred and six thousand": 206000,
		"three million": 3e6, "one thousand two hundred": 1200, "one hundred and one": 101, "two million three thousand four": 2003004,
		"1.5 million": 1.5e6, "3 thousand": 3000, "1.1  billion": 1.1e9, "-2 Hundred": -200, "first": 1, "Twenty-third": 23, "thirtieth": 30, "one hundred and third": 103,
	} {
		if got, ok := Number(s); !ok || got != want {
			t.Errorf("%q: got %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", " ", "%", "-", ".", "5.", "1,23", "1,2345", ",5", "1.2.3", "5 five", "five five", "ten five", "twenty ten", "hundred",
		"and five", "five and", "two thousand million three million", "five zero", "a", "dozen", "1e5", "0x10", "NaN", "inf", "3.5th", "fifty nine eight", "second", "twenty-tenth", "5th million", "50% million", "million", "a third time", "third third", "1-million-2"} {
		if got, ok := Number(s); ok {
			t.Errorf("%q: got %v, want nothing", s, got)
		}
	}
}

func TestDate(t *testing.T) {
	for s, want := range map[string]string{
		"2025-04-03": "2025-04-03", "2025/4/3": "2025-04-03", "3 April 2025": "2025-04-03", "April 3rd, 2025": "2025-04-03", "the 3rd of apr 2025": "2025-04-03",
		"Sept. 1 2024": "2024-09-01", "29 Feb 2024": "2024-02-29", "3.4.2025": "2025-04-03", "13/4/2025": "2025-04-13", "2 may 1999": "1999-05-02",
	} {
		for _, order := range []Order{MonthFirst, DayFirst} {
			if got := date(s, order); got != want {
				t.Errorf("%q: got %s, want %s", s, got, want)
			}
		}
	}
	if a, b := date("3/4/2025", MonthFirst), date("3/4/2025", DayFirst); a != "2025-03-04" || b != "2025-04-03" {
		t.Errorf("3/4/2025 is %s month first and %s day first", a, b)
	}
	if got := date("4/13/2025", DayFirst); got != "2025-04-13" {
		t.Errorf("4/13/2025 is %s", got)
	}
	for _, s := range []string{"", "tomorrow", "April 3", "2025", "29 Feb 2023", "31 April 2025", "2025-13-01", "1-2-3", "3/4/25", "13.13.2025", "0/1/2025",
		"2025-04-03-01", "April April 3 2025", "3 4 2025", "3s April 2025", "0000-01-01"} {
		if got := date(s, MonthFirst); got != "" {
			t.Errorf("%q: got %s, want nothing", s, got)
		}
	}
}

func date(s string, order Order) string {
	year, month, day, ok := Date(s, order)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day)
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"1,000.5", "two hundred and one", "3rd of May 2024", "4/5/2024", "\xff-1-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if x, ok := Number(s); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
			t.Errorf("%q is %v", s, x)
		}
		for _, order := range []Order{MonthFirst, DayFirst} {
			if y, m, d, ok := Date(s, order); ok && !exists(y, m, d) {
				t.Errorf("%q is %d-%d-%d", s, y, m, d)
			}
		}
	})
}
