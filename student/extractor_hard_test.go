// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
)

// Hard examples that no student can learn, each text with both actions, leave the scores of the fair ones alone.
func TestHardObjectsTrainAndDoNotCalibrate(t *testing.T) {
	all := orders(500)
	fair := all[:300]
	examples := slices.Clone(fair)
	for _, e := range all[300:] {
		e.Hard, e.Text = true, "maybe "+e.Text
		other := e
		if strings.Contains(string(e.Object), `"order"`) {
			other.Object = []byte(strings.Replace(string(e.Object), `"order"`, `"cancel"`, 1))
		} else {
			other.Object = []byte(strings.Replace(string(e.Object), `"cancel"`, `"order"`, 1))
		}
		examples = append(examples, e, other)
	}
	copied := fair[0] // a hard copy of a fair text is not seen by what judges that text
	copied.Hard = true
	examples = append(examples, copied)
	training := trainOrders(t, examples, ExtractorOptions{Folds: 3})
	right, believed := 0.0, 0.0
	for i, j := range training.OutOfFold {
		switch {
		case examples[i].Hard && (j.Object != nil || j.Want != nil || j.Agree || j.Fields != nil || j.Score != 0):
			t.Fatalf("hard example %d was judged: %+v", i, j)
		case !examples[i].Hard:
			if believed += j.Score; j.Agree {
				right++
			}
		}
	}
	n := float64(len(fair))
	if math.Abs(right-believed)/n > 0.02 {
		t.Errorf("of the fair examples %.3f are right, and the mean score is %.3f", right/n, believed/n)
	}
	card := training.Extractor.Card()
	if got := card.Metrics["cross_fit_object_accuracy"]; math.Abs(got-right/n) > 1e-9 || card.Examples != len(examples) {
		t.Errorf("accuracy %v of %d examples on the card, want %v of %d", got, card.Examples, right/n, len(examples))
	}
	if HashObjects(examples[:301]) == HashObjects(append(slices.Clone(fair), all[300])) {
		t.Error("the mark does not change the hash")
	}
	x := training.Extractor
	var got Extraction
	sure, unsure := 0.0, 0.0
	for _, e := range all[300:] {
		x.Extract(&got, e.Text)
		sure += got.Score
		x.Extract(&got, "maybe "+e.Text)
		unsure += got.Score
	}
	if unsure >= sure {
		t.Errorf("hard examples did not train: scores of %.1f with their word, %.1f without", unsure, sure)
	}
}

func TestObjectsThatAreAllHardAreRefused(t *testing.T) {
	all := orders(5)
	for i := range all {
		all[i].Hard = true
	}
	_, err := TrainExtractor(context.Background(), *parsed(t, orderSchema), all, ExtractorOptions{})
	if err == nil || !strings.Contains(err.Error(), "all 5 examples are marked hard") {
		t.Errorf("got %v", err)
	}
}
