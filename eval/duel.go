// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"math"
)

// Meeting is what a judge said of the answers of two models, A and B, to one item.
type Meeting struct {
	// Forth and Back say how far the answer that was shown first was preferred, from 0 to 1: A's in Forth, B's in Back. A
	// judge that goes by what it reads says the opposite the second time.
	Forth, Back float64
	// Settled says that nobody was asked: the answers are the same, or one is missing.
	Settled bool
	// LengthA and LengthB are those of the answers, as Preference's.
	LengthA, LengthB int
}

// Met returns the meeting of two answers that takes no judge: those with the same text are worth the same, and one that is missing
// loses to any other.
func Met(a, b string) (Meeting, bool) {
	switch {
	case a == b:
		return Meeting{Forth: 0.5, Back: 0.5, Settled: true}, true
	case a == "":
		return Meeting{Back: 1, Settled: true}, true // of no length: its absence is not the judge's taste
	case b == "":
		return Meeting{Forth: 1, Settled: true}, true
	}
	return Meeting{}, false
}

// Win is how far A is preferred, whatever the judge likes about a place: the mean over both orders.
func (m *Meeting) Win() float64 { return (m.Forth + 1 - m.Back) / 2 }

// swapped is the meeting of B and A.
func (m *Meeting) swapped() *Meeting {
	return &Meeting{Forth: m.Back, Back: m.Forth, Settled: m.Settled, LengthA: m.LengthB, LengthB: m.LengthA}
}

// Duel is how a model does against another by what a judge prefers.
type Duel struct {
	A string `json:"a"`
	B string `json:"b"`
	// Wins, Ties and Losses count the items on which A is preferred, neither is, and B is, in both orders together.
	Wins     int `json:"wins"`
	Ties     int `json:"ties"`
	Losses   int `json:"losses"`
	Unjudged int `json:"unjudged"` // items of which the judge said nothing that could be read; they count nowhere else
	Asked    int `json:"asked"`    // items that the judge compared in both orders; of the others nobody needs to be asked
	// Rate is the win rate of A; null when every item is unjudged.
	Rate *WinRate `json:"win_rate"`
	// First is how far the judge prefers what it is shown first, over the items that it was asked about: 0.5 for no favour.
	// Steady is on how many of those it says the same in both orders, as a share. Both are 0 when it was asked about none.
	First  float64 `json:"first"`
	Steady float64 `json:"steady"`
	// P is the p-value of the mid-p sign test on wins and losses, and Holm that corrected for all duels.
	P    float64 `json:"p"`
	Holm float64 `json:"p_holm"`
}

// Tournament has models meet two by two on the same items.
type Tournament struct {
	Names []string
	// Meetings are those of the models at places i and j, i < j, by item; nil where the judge's verdict is not known.
	Meetings map[[2]int][]*Meeting
}

// Duels returns how each model does against each later one of an order, which is a permutation of the places.
func (t *Tournament) Duels(order []int, opt CompareOptions) ([]Duel, error) {
	var duels []Duel
	var ps []float64
	for i, a := range order {
		for _, b := range order[i+1:] {
			d, err := t.duel(a, b, opt)
			if err != nil {
				return nil, fmt.Errorf("%s against %s: %w", t.Names[a], t.Names[b], err)
			}
			duels, ps = append(duels, d), append(ps, d.P)
		}
	}
	for i, p := range Holm(ps) {
		duels[i].Holm = p
	}
	return duels, nil
}

// of returns the meetings of two models, seen from the first.
func (t *Tournament) of(a, b int) []*Meeting {
	if a < b {
		return t.Meetings[[2]int{a, b}]
	}
	all := t.Meetings[[2]int{b, a}]
	out := make([]*Meeting, len(all))
	for i, m := range all {
		if m != nil {
			out[i] = m.swapped()
		}
	}
	return out
}

func (t *Tournament) duel(a, b int, opt CompareOptions) (Duel, error) {
	d := Duel{A: t.Names[a], B: t.Names[b]}
	var verdicts []Preference
	first, steady := 0.0, 0
	for _, m := range t.of(a, b) {
		if m == nil {
			d.Unjudged++
			continue
		}
		d.count(m.Win())
		verdicts = append(verdicts, Preference{Win: m.Win(), LengthA: m.LengthA, LengthB: m.LengthB})
		if m.Settled {
			continue
		}
		d.Asked++
		first += (m.Forth + m.Back) / 2
		if math.Abs(m.Forth+m.Back-1) < 0.5 {
			steady++
		}
	}
	if d.Asked > 0 {
		d.First, d.Steady = first/float64(d.Asked), float64(steady)/float64(d.Asked)
	}
	d.P = McNemar(d.Wins, d.Losses)
	if len(verdicts) == 0 {
		return d, nil
	}
	var err error
	d.Rate, err = Win(verdicts, opt)
	return d, err
}

func (d *Duel) count(win float64) {
	switch {
	case win > 0.5:
		d.Wins++
	case win < 0.5:
		d.Losses++
	default:
		d.Ties++
	}
}

// Shares returns, of each model on each item, the mean of its wins over the others, from 0 to 1, and the items that they are
// of: those of which all verdicts are known.
func (t *Tournament) Shares() (series []Series, items []int) {
	series = make([]Series, len(t.Names))
	for i, name := range t.Names {
		series[i].Name = name
	}
	for item := range t.items() {
		wins := make([]float64, len(t.Names))
		known := true
		for pair, meetings := range t.Meetings {
			if meetings[item] == nil {
				known = false
				break
			}
			win := meetings[item].Win()
			wins[pair[0]] += win
			wins[pair[1]] += 1 - win
		}
		if !known {
			continue
		}
		items = append(items, item)
		for i := range series {
			// Sums of halves and quarters are exact in any order.
			series[i].Quality = append(series[i].Quality, wins[i]/float64(len(t.Names)-1))
		}
	}
	return series, items
}

func (t *Tournament) items() int {
	for _, meetings := range t.Meetings {
		return len(meetings)
	}
	return 0
}
