// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package value reads numbers and dates that a text spells out. What it does not know it does not guess.
package value

import (
	"math"
	"strconv"
	"strings"
)

// Number reads a whole text as a number: digits with a sign, a decimal point, thousands between commas and a percent
// sign (12, -3.5, 1,250.75, 50%), such a number of thousands, millions or billions (1.5 million), an ordinal in digits (3rd), or
// an English cardinal or ordinal below a thousand million in words (five, twenty-five, two hundred and six thousand, third). Second
// is more often a time. Case and blanks do not matter.
func Number(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 200 {
		return 0, false
	}
	if x, ok := digits(s); ok {
		return x, true
	}
	if x, ok := scaled(s); ok {
		return x, true
	}
	if x, ok := words(s); ok {
		return x, true
	}
	return ordinal(s)
}

// scaled reads digits and the name of a power of ten.
func scaled(s string) (float64, bool) {
	at := strings.LastIndexAny(s, " \t-")
	if at < 1 {
		return 0, false
	}
	scale := map[string]float64{"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}[strings.ToLower(s[at+1:])]
	x, ok := digits(strings.TrimRight(s[:at], " \t"))
	if last := s[max(0, at-1)]; scale == 0 || !ok || !isDigit(last) && last != ' ' && last != '\t' {
		return 0, false
	}
	if product := x * scale; math.Abs(product) < 1<<53 {
		return math.Round(product*1e6) / 1e6, true // 1.1 million is whole
	}
	return 0, false
}

// ordinal reads an ordinal in words.
func ordinal(s string) (float64, bool) {
	at := strings.LastIndexAny(s, " \t-")
	last := strings.ToLower(s[at+1:])
	for i, name := range [...]string{"first", "", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
		"twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"} {
		if last == name && name != "" {
			if at < 0 {
				return float64(i + 1), true
			}
			x, ok := words(s[:at+1] + names[i+1])
			return x, ok && x > float64(i+1)
		}
	}
	for i, name := range [...]string{"twentieth", "thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth"} {
		if last == name && at < 0 {
			return float64(10 * (i + 2)), true
		}
	}
	return 0, false
}

// names are the small cardinals, in order.
var names = [...]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
	"twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}

func digits(s string) (float64, bool) {
	s = strings.TrimSpace(strings.TrimSuffix(s, "%"))
	if n := len(s) - 2; n > 0 && isDigit(s[n-1]) {
		switch strings.ToLower(s[n:]) {
		case "st", "nd", "rd", "th":
			s = s[:n]
			if strings.ContainsAny(s, ".,-+") {
				return 0, false
			}
		}
	}
	sign, rest := "", s
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		sign, rest = rest[:1], rest[1:]
	}
	whole, fraction, point := strings.Cut(rest, ".")
	whole, ok := thousands(whole)
	if !ok || !allDigits(fraction) || point && fraction == "" || whole == "" && fraction == "" {
		return 0, false
	}
	x, err := strconv.ParseFloat(sign+"0"+whole+"."+fraction+"0", 64)
	return x, err == nil && !math.IsInf(x, 0)
}

// thousands takes the commas out of 1,234,567 and refuses others.
func thousands(s string) (string, bool) {
	groups := strings.Split(s, ",")
	for i, g := range groups {
		if !allDigits(g) || len(groups) > 1 && (i == 0 && (len(g) == 0 || len(g) > 3) || i > 0 && len(g) != 3) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// words reads an English cardinal.
func words(s string) (float64, bool) {
	var total, group float64
	last := 0.0 // the last small word of the group
	before := ""
	fields := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '-' || r == '\t' })
	for i, w := range fields {
		n, known := cardinal(w)
		switch {
		case w == "and" && i > 0 && i+1 < len(fields) && (before == "hundred" || before == "thousand" || before == "million"):
		case w == "hundred" && group > 0 && group < 10:
			group, last = group*100, 100
		case (w == "thousand" || w == "million") && group > 0:
			scale := 1e3
			if w == "million" {
				scale = 1e6
			}
			if total != 0 && math.Mod(total, scale*1000) != 0 {
				return 0, false
			}
			total, group, last = total+group*scale, 0, 0
		case known && (group == 0 || last == 100 || last >= 20 && last < 100 && n > 0 && n < 10):
			group, last = group+n, n
			if n == 0 && len(fields) > 1 {
				return 0, false
			}
		default:
			return 0, false
		}
		before = w
	}
	return total + group, len(fields) > 0 && before != "and"
}

func cardinal(w string) (float64, bool) {
	for i, name := range names {
		if w == name {
			return float64(i), true
		}
	}
	for i, name := range [...]string{"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"} {
		if w == name {
			return float64(10 * (i + 2)), true
		}
	}
	return 0, false
}
