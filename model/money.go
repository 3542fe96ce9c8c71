// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Money is an amount in millionths of a millionth of a US dollar, so that a token's price is a whole number and sums
// are exact. It holds up to nine million dollars either way.
type Money int64

// Dollar is one US dollar.
const Dollar Money = 1e12

// Dollars returns the amount as US dollars.
func (m Money) Dollars() float64 { return float64(m) / float64(Dollar) }

// String returns the amount in US dollars with as many digits as it needs, such as "0.000315".
func (m Money) String() string { return strconv.FormatFloat(m.Dollars(), 'f', -1, 64) }

// AppendDollars appends US dollars for people: below one dollar with two significant digits, from then on with cents, and never
// as a power of ten.
func AppendDollars(b []byte, usd float64) []byte {
	switch size := math.Abs(usd); {
	case size == 0 || math.IsNaN(usd) || math.IsInf(usd, 0):
		return strconv.AppendFloat(b, usd, 'f', -1, 64)
	case size >= 1:
		return strconv.AppendFloat(b, usd, 'f', 2, 64)
	default:
		const most = 18 // beyond what Money can hold
		digits := min(most, 1-int(math.Floor(math.Log10(size))))
		b = strconv.AppendFloat(b, usd, 'f', digits, 64)
		return bytes.TrimSuffix(bytes.TrimRight(b, "0"), []byte("."))
	}
}

// MarshalJSON writes US dollars as a number.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON reads US dollars.
func (m *Money) UnmarshalJSON(b []byte) error {
	var usd float64
	if err := json.Unmarshal(b, &usd); err != nil {
		return fmt.Errorf("read amount of money: %w", err)
	}
	if math.Abs(usd) > 9e6 {
		return fmt.Errorf("read amount of money: %g dollars is out of range", usd)
	}
	*m = Money(math.Round(usd * float64(Dollar)))
	return nil
}

// Price is what an upstream charges, in US dollars per million tokens.
type Price struct {
	Input  float64 `json:"input"`
	Output float64 `json:"output"`
	Cached float64 `json:"cached,omitempty"` // input read from the prompt cache; 0 means as Input
	Write  float64 `json:"write,omitempty"`  // input written to the prompt cache; 0 means as Input
}

// Cost returns the price of a usage.
func (p Price) Cost(u Usage) Money {
	cached, write := p.Cached, p.Write
	if cached == 0 {
		cached = p.Input
	}
	if write == 0 {
		write = p.Input
	}
	const perToken = float64(Dollar) / 1e6
	input := p.Input*float64(u.Input-u.Cached-u.Written) + cached*float64(u.Cached) + write*float64(u.Written)
	return Money(math.Round(perToken * (input + p.Output*float64(u.Output))))
}
