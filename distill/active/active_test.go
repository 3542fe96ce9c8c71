// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dataset"
	"retort/task"
)

var desk = &task.Task{Name: "desk", Labels: []string{"broken", "order", "refund"}}

// mail makes n different messages of three labels. One in five shares its telling words with another label's.
func mail(n int) []dataset.Example {
	random := rand.New(rand.NewPCG(3, 4))
	own := [][]string{{"cracked", "smoke", "dead", "rattles"}, {"parcel", "tracking", "courier", "arrive"}, {"money", "bank", "credit", "refunded"}}
	shared := strings.Fields("hello please my the is when where i bought it and now today kettle toaster again help")
	out := make([]dataset.Example, n)
	for i := range out {
		words := []string{own[i%3][random.IntN(4)], fmt.Sprint("no", i)}
		if i%5 == 0 {
			words = append(words, own[(i+1)%3][random.IntN(4)], "although")
		}
		for range 5 {
			words = append(words, shared[random.IntN(len(shared))])
		}
		out[i] = dataset.Example{Text: strings.Join(words, " "), Label: desk.Labels[i%3]}
	}
	return out
}

func texts(examples []dataset.Example) []string {
	out := make([]string, len(examples))
	for i := range examples {
		out[i] = examples[i].Text
	}
	return out
}

// teacher answers from a list, and counts what it is asked twice.
type teacher struct {
	known map[string]dataset.Example
	asked map[string]int
	most  int // answers it gives before there is no money; 0: any
}

func newTeacher(examples []dataset.Example) *teacher {
	t := &teacher{known: map[string]dataset.Example{}, asked: map[string]int{}}
	for _, e := range examples {
		t.known[e.Text] = e
	}
	return t
}

func (t *teacher) ask(_ context.Context, inputs []string) ([]dataset.Example, bool, error) {
	var out []dataset.Example
	for _, input := range inputs {
		if t.most > 0 && len(t.asked) >= t.most {
			return out, false, nil
		}
		t.asked[input]++
		if e := t.known[input]; e.Label != "" {
			out = append(out, e)
		}
	}
	return out, true, nil
}

func TestRunDividesTheBudget(t *testing.T) {
	all := mail(900)
	s := newTeacher(all)
	r, err := Run(t.Context(), Job{Task: desk, Inputs: texts(all), Seed: 1}, 300, s.ask)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Fair) != Fair(300) || len(r.Fair)+len(r.Hard) != 300 || len(s.asked) != 300 || r.Failed != 0 || r.Rounds < 2 {
		t.Errorf("%d fair, %d hard, %d asked, %d failed, %d rounds", len(r.Fair), len(r.Hard), len(s.asked), r.Failed, r.Rounds)
	}
	for text, n := range s.asked {
		if n != 1 {
			t.Errorf("%q was asked %d times", text, n)
		}
	}
	doubtful := func(examples []dataset.Example) (n int) {
		for _, e := range examples {
			if strings.Contains(e.Text, "although") {
				n++
			}
		}
		return n
	}
	fair, hard := float64(doubtful(r.Fair))/float64(len(r.Fair)), float64(doubtful(r.Hard))/float64(len(r.Hard))
	if fair > 0.3 || hard < 1.5*fair {
		t.Errorf("of the drawn texts %.2f are doubtful, of the picked ones %.2f; a fifth of all are", fair, hard)
	}
	for _, e := range r.Fair {
		if e.Hard {
			t.Errorf("a drawn example is marked hard: %v", e)
		}
	}
	for _, e := range r.Hard {
		if !e.Hard {
			t.Errorf("a picked example is not marked hard: %v", e)
		}
	}
}

// The fair part is the same whatever the labels are: nothing that a teacher says has a say in what certifies.
func TestTheFairPartDependsOnNoLabel(t *testing.T) {
	all := mail(600)
	wrong := slices.Clone(all)
	for i := range wrong {
		wrong[i].Label = desk.Labels[(i*7)%3]
	}
	var drawn [2][]string
	for k, set := range [][]dataset.Example{all, wrong} {
		r, err := Run(t.Context(), Job{Task: desk, Inputs: texts(all), Seed: 5}, 200, newTeacher(set).ask)
		if err != nil {
			t.Fatal(err)
		}
		drawn[k] = texts(r.Fair)
	}
	if diff := cmp.Diff(drawn[0], drawn[1]); diff != "" {
		t.Error(diff)
	}
	shuffled := slices.Clone(all)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
	r, err := Run(t.Context(), Job{Task: desk, Inputs: texts(shuffled), Seed: 5}, 200, newTeacher(all).ask)
	if err != nil || !cmp.Equal(texts(r.Fair), drawn[0]) {
		t.Errorf("another order of the inputs draws others, error %v", err)
	}
}

// What is picked does not depend on the labels of the fair part.
func TestWhatCertifiesDoesNotPick(t *testing.T) {
	all := mail(600)
	first, err := Run(t.Context(), Job{Task: desk, Inputs: texts(all), Seed: 2}, 200, newTeacher(all).ask)
	if err != nil {
		t.Fatal(err)
	}
	other := slices.Clone(all)
	for i := range other {
		if slices.ContainsFunc(first.Fair, func(e dataset.Example) bool { return e.Text == other[i].Text }) {
			other[i].Label = desk.Labels[(i+1)%3]
		}
	}
	second, err := Run(t.Context(), Job{Task: desk, Inputs: texts(all), Seed: 2}, 200, newTeacher(other).ask)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Hard, second.Hard); diff != "" {
		t.Error(diff)
	}
}

func TestRunGoesOnFromWhatIsKnown(t *testing.T) {
	all := mail(900)
	s := newTeacher(all)
	job := Job{Task: desk, Inputs: texts(all), Seed: 1}
	r, err := Run(t.Context(), job, 150, s.ask)
	if err != nil {
		t.Fatal(err)
	}
	job.Known = slices.Concat(r.Fair, r.Hard)
	again, err := Run(t.Context(), job, 150, s.ask)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 300 || len(again.Fair) != Fair(300) || len(again.Fair)+len(again.Hard) != 300 {
		t.Errorf("%d asked, %d fair, %d hard", len(s.asked), len(again.Fair), len(again.Hard))
	}
	// The sample is the beginning of one order, whatever was picked in between.
	p := newPool(job.Inputs, nil, job.Seed)
	for k, e := range again.Fair {
		if want := p.texts[p.order[k]]; e.Text != want {
			t.Fatalf("fair example %d is %q, want %q", k, e.Text, want)
		}
	}
}

func TestRandomLabelsThatAreThereMayPick(t *testing.T) {
	all := mail(900)
	job := Job{Task: desk, Inputs: texts(all), Known: all[:400], Seed: 1}
	r, err := Run(t.Context(), job, 60, newTeacher(all).ask)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Fair) < 400-60 || len(r.Fair)+len(r.Hard) != 460 {
		t.Errorf("%d fair and %d hard; no more may be given up than are bought", len(r.Fair), len(r.Hard))
	}
}

func TestRunEndsWithTheMoney(t *testing.T) {
	all := mail(600)
	s := newTeacher(all)
	s.most = 120
	r, err := Run(t.Context(), Job{Task: desk, Inputs: texts(all), Seed: 1}, 500, s.ask)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Fair) + len(r.Hard); n != 120 || len(r.Fair) < 60 || len(r.Hard) < 20 {
		t.Errorf("%d fair and %d hard of 120", len(r.Fair), len(r.Hard))
	}
}

func TestRunWithFewInputs(t *testing.T) {
	for _, n := range []int{0, 1, 2, 30} {
		all := mail(n)
		r, err := Run(t.Context(), Job{Task: desk, Inputs: texts(all), Seed: 1}, 100, newTeacher(all).ask)
		if err != nil || len(r.Fair)+len(r.Hard) != n {
			t.Errorf("%d inputs: %d labels, error %v", n, len(r.Fair)+len(r.Hard), err)
		}
	}
}

func TestInputsInVainAreCounted(t *testing.T) {
	all := mail(300)
	s := newTeacher(all[:250])
	r, err := Run(t.Context(), Job{Task: desk, Inputs: texts(all), Seed: 1}, 300, s.ask)
	if err != nil || r.Failed != 50 || len(s.asked) != 300 {
		t.Errorf("%d failed, %d asked, error %v; want 50 of 300", r.Failed, len(s.asked), err)
	}
}

func TestCopiesAreChosenOnce(t *testing.T) {
	all := mail(100)
	inputs := texts(all)
	for _, text := range texts(all) {
		inputs = append(inputs, "  "+strings.ToUpper(text))
	}
	chosen, err := Next(t.Context(), Job{Task: desk, Inputs: inputs, Seed: 1}, 200)
	if err != nil || len(chosen) != 100 {
		t.Fatalf("%d chosen, error %v", len(chosen), err)
	}
	seen := map[string]bool{}
	for _, c := range chosen {
		key := dataset.Canonical(c.Text)
		if seen[key] {
			t.Errorf("%q twice", c.Text)
		}
		seen[key] = true
		if c.Hard != (c.Reason != Random) {
			t.Errorf("%+v: only what is drawn may judge", c)
		}
	}
}

func TestStrangeInputsComeFirst(t *testing.T) {
	all := mail(400)
	for i := range all[:150] {
		all[i].Hard = true
	}
	inputs := texts(all)
	for i := range 12 {
		inputs = append(inputs, fmt.Sprintf("quarterly invoice %d with vat wanted for our accounts department", i))
	}
	chosen, err := Next(t.Context(), Job{Task: desk, Inputs: inputs, Known: all[:150], Seed: 1}, 160)
	if err != nil {
		t.Fatal(err)
	}
	first := slices.IndexFunc(chosen, func(c Choice) bool { return c.Hard })
	if c := chosen[first]; c.Reason != Strange || !strings.Contains(c.Text, "vat") || c.Strange < 0.5 {
		t.Errorf("the first picked is %+v, want an input unlike all others", c)
	}
	vats := 0
	for _, c := range chosen[first:min(first+12, len(chosen))] {
		if strings.Contains(c.Text, "vat") {
			vats++
		}
	}
	if vats == 12 {
		t.Error("all twelve nearly equal inputs are picked first; one or some tell most of what there is to know")
	}
}

func TestBadJobs(t *testing.T) {
	for _, c := range []struct {
		job  Job
		want string
	}{
		{Job{}, "there is no task"},
		{Job{Task: desk, Known: []dataset.Example{{Text: "a", Label: "lunch"}}}, "labelled example 1"},
	} {
		if _, err := Next(t.Context(), c.job, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error with %q", err, c.want)
		}
	}
	boom := errors.New("the teacher is out")
	_, err := Run(t.Context(), Job{Task: desk, Inputs: []string{"a"}}, 1, func(context.Context, []string) ([]dataset.Example, bool, error) { return nil, false, boom })
	if !errors.Is(err, boom) {
		t.Errorf("got %v, want the teacher's error", err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	known := mail(200)
	for i := range known {
		known[i].Hard = true
	}
	if _, err := Next(stopped, Job{Task: desk, Inputs: texts(mail(400)), Known: known}, 300); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v of a context that is done", err)
	}
}

func TestFair(t *testing.T) {
	last := 0
	for n := range 20_000 {
		f := Fair(n)
		if f < last || f > n {
			t.Fatalf("Fair(%d) is %d, after %d", n, f, last)
		}
		last = f
	}
}
