// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import "math"

// Exp is e to the power x, to about 1e-7 relative. Unlike math.Exp it gives the same bits on every architecture, which
// training needs to be reproducible. Below -87 it is 0; above 88 it stays at e^88.
func Exp(x float32) float32 {
	switch {
	case x < -87:
		return 0
	case x > 88:
		x = 88
	}
	const (
		log2e = 1.44269504
		ln2Hi = 0.693359375
		ln2Lo = -2.12194440e-4
	)
	k := float32(math.Floor(float64(float32(x*log2e)) + 0.5))
	r := x - float32(k*ln2Hi)
	r -= float32(k * ln2Lo)
	// Taylor's series to r^6 on |r| <= ln(2)/2; each product is rounded on its own so that no machine fuses it.
	p := float32(1.0 / 720)
	for _, c := range [...]float32{1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1} {
		p = float32(p*r) + c
	}
	return p * math.Float32frombits(uint32(int32(k)+127)<<23)
}
