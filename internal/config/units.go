// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, written as Go writes it: "30s", "1m30s", "250ms".
type Duration = time.Duration

// durationText writes a duration without Go's zero units: 2m, not 2m0s.
func durationText(d Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Size is a number of bytes, written with a unit of 1,024 (KiB, MiB, GiB) or of 1,000 (KB, MB, GB), or as plain bytes.
type Size int64

var units = []struct {
	name  string
	bytes Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}}

// String writes the size with the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range units[:3] {
		if s != 0 && s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

func parseSize(text string) (Size, error) {
	number, unit := strings.TrimSpace(text), Size(1)
	for _, u := range units {
		if n := len(number) - len(u.name); n > 0 && strings.EqualFold(number[n:], u.name) {
			number, unit = strings.TrimSpace(number[:n]), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || math.IsNaN(n):
		return 0, fmt.Errorf(`%q is not a size; write a number of bytes such as 32MiB`, text)
	case n < 0:
		return 0, errors.New("a size cannot be negative")
	case n*float64(unit) >= 1<<62:
		return 0, fmt.Errorf("%q is too large", text)
	}
	return Size(n * float64(unit)), nil
}

func parseDuration(text string) (Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf(`%q is not a duration; write a number with a unit such as 30s, 5m or 250ms`, text)
	}
	return d, nil
}
