// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package value

import (
	"strconv"
	"strings"
)

// Order says which number of a date such as 3/4/2025 is the day.
type Order uint8

const (
	MonthFirst Order = iota // as in the United States
	DayFirst                // as nearly everywhere else
)

// Date reads a whole text as a day of the calendar: 2025-04-03, 2025/4/3, 3 April 2025, 3rd of April 2025, April 3rd, 2025, 3.4.2025
// (the day first), or 4/3/2025 in the order given, unless only the other one is possible. Names of months are English,
// whole or of three letters. A year has four digits; there is no date without one, and none that depends on today.
func Date(s string, order Order) (year, month, day int, ok bool) {
	if len(s) > 100 {
		return 0, 0, 0, false
	}
	switch {
	case strings.Count(s, "-") == 2:
		year, month, day, ok = numeric(s, "-", order)
	case strings.Count(s, "/") == 2:
		year, month, day, ok = numeric(s, "/", order)
	case strings.Count(s, ".") == 2:
		year, month, day, ok = numeric(s, ".", DayFirst)
	default:
		year, month, day, ok = named(s)
	}
	if !ok || !exists(year, month, day) {
		return 0, 0, 0, false
	}
	return year, month, day, true
}

func numeric(s, separator string, order Order) (year, month, day int, ok bool) {
	parts := strings.Split(s, separator)
	var n [3]int
	for i, p := range parts {
		p = strings.TrimSpace(p)
		if p == "" || len(p) > 4 || !allDigits(p) {
			return 0, 0, 0, false
		}
		n[i], _ = strconv.Atoi(p) // up to four digits
		parts[i] = p
	}
	if len(parts[0]) == 4 {
		return n[0], n[1], n[2], len(parts[1]) <= 2 && len(parts[2]) <= 2
	}
	if len(parts[2]) != 4 || len(parts[0]) > 2 || len(parts[1]) > 2 {
		return 0, 0, 0, false
	}
	first, second := n[0], n[1]
	// With dots the day always comes first; else the order yields where it is impossible.
	if separator != "." && (order == MonthFirst && first <= 12 || order == DayFirst && second > 12) {
		return n[2], first, second, true
	}
	return n[2], second, first, true
}

func named(s string) (year, month, day int, ok bool) {
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '.' }) {
		m := monthNamed(w)
		number := strings.TrimRight(w, "sthndr")
		switch {
		case w == "of" || w == "the":
		case m > 0 && month == 0:
			month = m
		case len(w) == 4 && allDigits(w) && year == 0:
			year, _ = strconv.Atoi(w)
		case number != "" && len(number) <= 2 && allDigits(number) && day == 0 && (number == w || isOrdinal(w)):
			day, _ = strconv.Atoi(number)
		default:
			return 0, 0, 0, false
		}
	}
	return year, month, day, year > 0 && month > 0 && day > 0
}

func isOrdinal(w string) bool {
	_, ok := digits(w)
	return ok
}

func monthNamed(w string) int {
	for i, name := range [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
		"november", "december"} {
		if w == name || w == name[:3] || w == "sept" && name == "september" {
			return i + 1
		}
	}
	return 0
}

func exists(year, month, day int) bool {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return false
	}
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days = 29
	}
	return day <= days
}
