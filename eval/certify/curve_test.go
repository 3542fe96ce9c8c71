// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"
	"testing"
)

func TestCurve(t *testing.T) {
	judged := ladder(1000, 900, 950, 990, 1000)
	points, err := Curve(judged, 10, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if len(points) != 10 {
		t.Fatalf("%d points, want 10", len(points))
	}
	for i, p := range points {
		if p.Answered != 100*(i+1) || p.Coverage != float64(i+1)/10 {
			t.Errorf("point %d answers %d", i, p.Answered)
		}
		agreed := 0
		for _, j := range judged {
			if j.Score >= p.Threshold && j.Agree {
				agreed++
			}
		}
		if p.Agreement != float64(agreed)/float64(p.Answered) || !(p.Lower <= p.Agreement && p.Agreement <= p.Upper) {
			t.Errorf("point %d: agreement %v in [%v, %v], want %d of %d", i, p.Agreement, p.Lower, p.Upper, agreed, p.Answered)
		}
	}
	if points[8].Agreement != 899.0/900 || points[9].Agreement != 0.996 {
		t.Errorf("the end of the curve is wrong: %+v", points[8:])
	}
}

func TestCurveOfFewAndTied(t *testing.T) {
	if points, err := Curve(nil, 10, 0.95); err != nil || len(points) != 0 {
		t.Errorf("no judgements give %v, %v", points, err)
	}
	tied := []Judgement{{0.5, true}, {0.5, false}, {0.5, true}, {0.2, false}}
	points, err := Curve(tied, 100, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if len(points) != 2 || points[0].Answered != 3 || points[1].Answered != 4 {
		t.Errorf("ties are split: %+v", points)
	}
	for _, bad := range []struct {
		points     int
		confidence float64
	}{{0, 0.95}, {10, 1}} {
		if _, err := Curve(tied, bad.points, bad.confidence); err == nil {
			t.Errorf("Curve(%v) is accepted", bad)
		}
		if _, err := Reliability(tied, bad.points, bad.confidence); err == nil {
			t.Errorf("Reliability(%v) is accepted", bad)
		}
	}
}

func TestReliability(t *testing.T) {
	var judged []Judgement
	for i := range 1000 {
		s := float64(i) / 1000
		judged = append(judged, Judgement{Score: s, Agree: i%10 < i/100}) // agreement steps 0, 0.1, … 0.9
	}
	bins, err := Reliability(judged, 10, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if len(bins) != 10 {
		t.Fatalf("%d bins, want 10", len(bins))
	}
	for i, b := range bins {
		if b.Count != 100 || math.Abs(b.Agreement-float64(i)/10) > 1e-12 || math.Abs(b.MeanScore-(float64(i)/10+0.0495)) > 1e-9 {
			t.Errorf("bin %d: %+v", i, b)
		}
		if b.Low != float64(i*100)/1000 || b.High != float64(i*100+99)/1000 || b.Lower > b.Agreement || b.Upper < b.Agreement {
			t.Errorf("bin %d: bounds %+v", i, b)
		}
	}
}
