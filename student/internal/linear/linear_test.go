// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scattered makes n rows over features n-grams and a bias, whose class shows in one of them.
func scattered(n, features, classes int, seed uint64) *Data {
	random := rand.New(rand.NewPCG(seed, 1))
	d := &Data{Features: features + 1, Classes: classes}
	for i := range n {
		class := i % classes
		row := Row{Index: []uint32{uint32(class)}, Value: []float32{0.6}}
		for range 3 {
			f := uint32(classes + random.IntN(features-classes))
			if !slices.Contains(row.Index, f) {
				row.Index = append(row.Index, f)
				row.Value = append(row.Value, 0.3+random.Float32())
			}
		}
		row.Index, row.Value = append(row.Index, uint32(features)), append(row.Value, 1)
		d.Rows = append(d.Rows, row)
		d.Class = append(d.Class, int32(class))
		d.Weight = append(d.Weight, 0.5+random.Float32())
	}
	return d
}

func (d *Data) hard() Target {
	return func(dst []float32, i int) {
		clear(dst)
		dst[d.Class[i]] = 1
	}
}

// product is the score of class c for a row, in double precision.
func product(w []float32, row Row, stride, c int) float64 {
	var sum float64
	for k, f := range row.Index {
		sum += float64(row.Value[k]) * float64(w[int(f)*stride+c])
	}
	return sum
}

func TestRowsEveryPath(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, lanes := range []int{16, 32, 48, 80, 160} {
		for _, n := range []int{0, 1, 2, 50} {
			t.Run(fmt.Sprintf("%d lanes of %d rows", lanes, n), func(t *testing.T) {
				stride := lanes + 16
				w := make([]float32, 40*stride)
				for i := range w {
					w[i] = random.Float32() - 0.5
				}
				row := Row{}
				for range n {
					row.Index = append(row.Index, random.Uint32N(40))
					row.Value = append(row.Value, random.Float32()-0.5)
				}
				got, want := make([]float32, lanes), make([]float32, lanes)
				dotRows(got, w, row, stride)
				dotRowsPortable(want, w, row, stride)
				if !slices.Equal(got, want) {
					t.Error("dotRows differs from the portable path")
				}
				other := slices.Clone(w)
				addRows(w, got, row, stride)
				addRowsPortable(other, got, row, stride)
				if !slices.Equal(w, other) {
					t.Error("addRows differs from the portable path")
				}
			})
		}
	}
}

func TestExp(t *testing.T) {
	for x := float32(-86); x < 88; x += 0.0137 {
		if got, want := float64(Exp(x)), math.Exp(float64(x)); math.Abs(got-want) > 3e-7*want {
			t.Fatalf("Exp(%v) = %v, want %v", x, got, want)
		}
	}
	if diff := cmp.Diff([]float32{1, 0, Exp(88)}, []float32{Exp(0), Exp(-1000), Exp(1000)}); diff != "" {
		t.Error(diff)
	}
}

// TestSVMReachesTheOptimum checks that the objective cannot be lowered: its gradient vanishes.
func TestSVMReachesTheOptimum(t *testing.T) {
	d := scattered(120, 40, 5, 3)
	const cost = 0.7
	w, err := Machines(context.Background(), d, SVMOptions{C: cost, Passes: 400, Seed: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	stride := Padded(d.Classes)
	for c := range d.Classes {
		gradient := make([]float64, d.Features)
		for f := range gradient {
			gradient[f] = float64(w[f*stride+c])
		}
		for i, row := range d.Rows {
			y := -1.0
			if int(d.Class[i]) == c {
				y = 1
			}
			slack := max(0, 1-y*product(w, row, stride, c))
			for k, f := range row.Index {
				gradient[f] -= 2 * cost * float64(d.Weight[i]) * slack * y * float64(row.Value[k])
			}
		}
		for f, g := range gradient {
			if math.Abs(g) > 1e-3 {
				t.Fatalf("class %d, feature %d: gradient %v", c, f, g)
			}
		}
	}
}

func TestFitLearnsAndDoesNotDependOnWorkers(t *testing.T) {
	d := scattered(400, 60, 20, 4)
	opt := FitOptions{
		SVM: SVMOptions{C: 1, Passes: 10, Seed: 1}, Softmax: SoftmaxOptions{Rate: 1, Passes: 20, Seed: 2},
		Network: NetworkOptions{Hidden: 32, Rate: 0.12, Passes: 40, Drop: 0.1, Seed: 3}, Blend: 0.7,
	}
	var first []float32
	var firstNetwork *Network
	for _, opt.Workers = range []int{1, 2, 3} {
		w, network, err := Fit(context.Background(), d, d.hard(), opt)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first, firstNetwork = w, network
		}
		if !slices.Equal(first, w) || !slices.Equal(firstNetwork.Inner, network.Inner) || !slices.Equal(firstNetwork.Outer, network.Outer) {
			t.Errorf("%d workers gave another result", opt.Workers)
		}
	}
	stride := Padded(d.Classes)
	linear, nonlinear := 0, 0
	hidden, score := make([]float32, 32), make([]float32, stride)
	var active Row
	for i, row := range d.Rows {
		dotRows(score, first, row, stride)
		if argmax(score[:d.Classes]) == int(d.Class[i]) {
			linear++
		}
		dotRows(hidden, firstNetwork.Inner, row, 32)
		Outer(score, firstNetwork.Outer, hidden, &active)
		if argmax(score[:d.Classes]) == int(d.Class[i]) {
			nonlinear++
		}
	}
	if linear < 396 || nonlinear < 380 {
		t.Errorf("of 400 the linear classifier has %d right and the network %d", linear, nonlinear)
	}
}

func argmax(x []float32) int {
	return slices.Index(x, slices.Max(x))
}

// TestNetworkGradient compares a step's move with the slope of the loss found by differences.
func TestNetworkGradient(t *testing.T) {
	d := scattered(10, 12, 3, 5)
	for i := range d.Weight {
		d.Weight[i] = 1
	}
	fresh := func() *trainer {
		return newTrainer(d, d.hard(), NetworkOptions{Hidden: 16, Seed: 8})
	}
	loss := func(t *trainer) float64 {
		stride := Padded(d.Classes)
		hidden, score := make([]float32, 16), make([]float32, stride)
		dotRows(hidden, t.inner, d.Rows[4], 16)
		var active Row
		Outer(score, t.outer, hidden, &active)
		softmax(score[:d.Classes])
		return -math.Log(float64(score[d.Class[4]]))
	}
	const rate, nudge = 1e-3, 1e-3
	moved := fresh()
	moved.step(4, rate)
	start := fresh()
	check := func(name string, before, after []float32, at int) {
		old := before[at]
		before[at] = old + nudge
		up := loss(start)
		before[at] = old - nudge
		down := loss(start)
		before[at] = old
		want := -(up - down) / (2 * nudge)
		got := float64(after[at]-old) / rate
		if math.Abs(got-want) > 2e-3+0.02*math.Abs(want) {
			t.Errorf("%s weight %d moves by %v, the slope is %v", name, at, got, want)
		}
	}
	for _, f := range d.Rows[4].Index {
		for h := range 16 {
			check("inner", start.inner, moved.inner, int(f)*16+h)
		}
	}
	for h := range 16 {
		for c := range d.Classes {
			check("outer", start.outer, moved.outer, h*Padded(d.Classes)+c)
			if a, b := moved.outer[h*Padded(d.Classes)+c], moved.back[c*16+h]; a != b {
				t.Errorf("outer weight and its transposed copy are %v and %v", a, b)
			}
		}
	}
}

func TestDivergingNetworkIsSilenced(t *testing.T) {
	d := scattered(100, 30, 4, 6)
	n, err := FitNetwork(context.Background(), d, d.hard(), NetworkOptions{Hidden: 16, Rate: 1e30, Passes: 3, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Max(n.Inner) != 0 || slices.Max(n.Outer) != 0 {
		t.Error("weights of a diverged network are kept")
	}
}

func TestBestKeepsWhatSeparates(t *testing.T) {
	d := scattered(300, 50, 6, 7)
	w, err := Machines(context.Background(), d, SVMOptions{C: 1, Passes: 5, Seed: 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint32{0, 1, 2, 3, 4, 5}, Best(w, d, 50, 6)); diff != "" {
		t.Error(diff)
	}
	if n := len(Best(w, d, 50, 99)); n != 50 {
		t.Errorf("%d features kept of 50", n)
	}
}

func TestFitStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := scattered(20, 30, 4, 6)
	if _, _, err := Fit(ctx, d, d.hard(), FitOptions{SVM: SVMOptions{C: 1, Passes: 3}, Workers: 2, Network: NetworkOptions{Hidden: 16, Passes: 1}, Softmax: SoftmaxOptions{Passes: 1}}); err != context.Canceled {
		t.Errorf("error %v", err)
	}
}
