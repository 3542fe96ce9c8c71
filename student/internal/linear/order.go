// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import "math/rand/v2"

// shuffle puts order into the random order of one pass. It depends on seed and pass alone.
func shuffle(order []uint32, seed uint64, pass int) {
	random := rand.New(rand.NewPCG(seed, uint64(pass)+1))
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
}

func ascending(n int) []uint32 {
	order := make([]uint32, n)
	for i := range order {
		order[i] = uint32(i)
	}
	return order
}
