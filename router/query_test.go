// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func TestQueryOf(t *testing.T) {
	c := &model.Content{
		Messages: []model.Message{
			model.Text(model.System, "Be brief."),
			model.Text(model.User, "What is this?"),
			{Role: model.User, Blocks: []model.Block{{Kind: model.ImageBlock, Media: &model.Media{URL: "x"}}}},
			model.Text(model.Assistant, "A cat."),
			{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, Text: "42", Blocks: []model.Block{{Kind: model.TextBlock, Text: "more"}}}}},
			model.Text(model.User, "And now?"),
		},
		Tools:  []model.Tool{{Name: "look"}},
		Format: &model.Format{Kind: "schema", Schema: json.RawMessage(`{}`)},
	}
	want := Query{
		Text: "What is this?\nA cat.\n42\nmore\nAnd now?", System: "Be brief.",
		Tokens: 12, Turns: 5, Tools: 1, Images: 1, JSON: true,
	}
	if diff := cmp.Diff(want, QueryOf(c)); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Query{}, QueryOf(&model.Content{})); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}

func TestLongTextsAreCutBetweenCharacters(t *testing.T) {
	for shift := range 4 {
		q := Query{Text: strings.Repeat("x", shift) + strings.Repeat("é語😀", 2000), System: strings.Repeat("語", 1000)}
		p := q.pieces()
		if !strings.HasPrefix(q.Text, p[0]) || !strings.HasSuffix(q.Text, p[1]) || !strings.HasPrefix(q.System, p[2]) {
			t.Errorf("shift %d: the pieces are no ends of the text", shift)
		}
		for i, piece := range p {
			if !utf8.ValidString(piece) || len(piece) > mostOfText/2 || len(piece) < mostOfSystem-3 {
				t.Errorf("shift %d: piece %d has %d bytes, valid: %v", shift, i, len(piece), utf8.ValidString(piece))
			}
		}
	}
}

func TestFacts(t *testing.T) {
	var d [facts]float32
	q := Query{Text: "Which one is 12?\nA. a dozen\nB) ten\n(C) three", Turns: 1}
	q.describe(&d)
	for fact, want := range map[int]float64{
		factLines: math.Log1p(4), factChoices: math.Log1p(3), factFirstLine: math.Log1p(16), factLastLine: math.Log1p(9),
		factTurns: math.Log1p(1), factQuestion: 1, factCode: 0, factDigits: 2.0 / 44,
	} {
		if math.Abs(float64(d[fact])-want) > 1e-6 {
			t.Errorf("fact %d is %v, want %v", fact, d[fact], want)
		}
	}
}

func TestFall(t *testing.T) {
	for _, c := range []struct{ in, want []float64 }{
		{nil, nil},
		{[]float64{3, 2, 1}, []float64{3, 2, 1}},
		{[]float64{1, 2, 3}, []float64{2, 2, 2}},
		{[]float64{5, 1, 3, 0}, []float64{5, 2, 2, 0}},
	} {
		got := slices.Clone(c.in)
		fall(got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.in, diff)
		}
	}
}

// TestTableDrawsToTheMeanWhatChanceExplains compares rates of domains that do not differ with those of domains that do.
func TestTableDrawsToTheMeanWhatChanceExplains(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, spread := range []float64{0, 0.4} {
		var rows [][]float64
		var domain []int
		for i := range 600 {
			d := i % 20
			rows = append(rows, []float64{spread*(float64(d)/9.5-1) + random.NormFloat64()*0.5})
			domain = append(domain, d)
		}
		rates := newTable(rows, domain, 20)
		off := 0.0
		for d := range rates {
			off += math.Pow(rates[d][0]-spread*(float64(d)/9.5-1), 2) / 20
		}
		// Plain means of 30 would be off by 0.5² / 30 = 0.0083 on average.
		if limit := map[float64]float64{0: 0.003, 0.4: 0.012}[spread]; off > limit {
			t.Errorf("spread %v: rates are off by %.4f in squares, want at most %v", spread, off, limit)
		}
	}
}
