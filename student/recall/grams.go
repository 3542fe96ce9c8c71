// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package recall

import (
	"math"
	"slices"

	"retort/student/internal/text"
)

// gram is an n-gram of a text: the number of its list, and how often it occurs, in the topmost bits.
type gram uint32

const (
	timesShift = 24
	mostTimes  = 15
)

func (g gram) number() uint32 { return uint32(g) & (1<<timesShift - 1) }
func (g gram) times() int     { return int(g >> timesShift) }

// grams are the n-grams of a text: those of words, and those of characters.
type grams [2][]gram

func (g grams) clone() grams { return grams{slices.Clone(g[0]), slices.Clone(g[1])} }

// mostGrams bounds each block of a text. Of more, those with the lowest hashes are kept, which are the same ones in every
// text, so that long texts stay comparable.
const mostGrams = 512

// scratch is the working memory of one look-up.
type scratch struct {
	scan    text.Grams
	blocks  grams
	weights []float32 // by n-gram; all 0 between look-ups
	order   []uint64  // n-grams behind the lengths of their lists
	sums    []float32 // by place
	best    []candidate
}

// read returns the n-grams of a text, which are valid until the next call.
func (s *scratch) read(t string, shift int) grams {
	s.scan.Scan(t)
	for b, hashes := range [2][]uint64{s.scan.Word, s.scan.Char} {
		slices.Sort(hashes)
		block := s.blocks[b][:0]
		for i := 0; i < len(hashes); i++ {
			number := gram(hashes[i]>>(shift+1)) | gram(b)<<(63-shift) // each block has half of the lists
			if n := len(block); n > 0 && block[n-1].number() == uint32(number) {
				if block[n-1].times() < mostTimes {
					block[n-1] += 1 << timesShift
				}
				continue
			}
			if len(block) == mostGrams {
				break
			}
			block = append(block, number|1<<timesShift)
		}
		s.blocks[b] = block
	}
	return s.blocks
}

// dampened is 1 + ln(n).
var dampened = func() (table [mostTimes + 1]float32) {
	for n := 1; n <= mostTimes; n++ {
		table[n] = float32(1 + math.Log(float64(n)))
	}
	return table
}()
