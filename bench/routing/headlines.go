// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"retort/eval"
	"retort/eval/certify"
	"retort/internal/shareddata"
	"retort/student"
)

// corePerSecond is what a student's work is charged: a core at five cents an hour, in US dollars.
const corePerSecond = 0.05 / 3600

// targets are the agreements with the labels that cascades are certified for, with confidence 0.95.
var targets = []float64{0.875, 0.9, 0.95, 0.98}

// measureHeadlines draws students of gold news headlines, and certified cascades of them with large models, into the plane
// that FrugalGPT's authors published (Chen, Zaharia, Zou, arXiv 2305.05176, figures of 2024): ten models and their
// cascade at 20 budgets, on the same 5,000 test questions.
//
// The training split's labels are the teacher. What a model would answer to the questions that a student leaves to it is
// not published, only its accuracy on all of them. So a cascade is a range: at best the model is right on what is left
// wherever it can be, at worst it spends its right answers on what the student answers itself; in between it is as good on
// what is left as on all, which flatters it where the hard questions are left.
func measureHeadlines(ctx context.Context, b *bench) error {
	train, err := headlines("train")
	if err != nil {
		return err
	}
	test, err := headlines("test")
	if err != nil {
		return err
	}
	plane, err := published()
	if err != nil {
		return err
	}
	var ours []drawn
	for _, effort := range b.efforts {
		points, err := b.headlineStudents(ctx, student.Effort(effort), train, test, plane)
		if err != nil {
			return err
		}
		ours = append(ours, points...)
	}
	b.place(plane, ours)
	if b.out == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(filepath.Dir(b.out), "headlines.svg"), svg(append(plane, ours...)), 0o644)
}

// drawn is a point of the plane with the range of what is not known of it.
type drawn struct {
	eval.Point
	family    string // what it is one of
	low, high float64
}

// headlineStudents trains a student of an effort on all labels, and another on four fifths to certify it on the rest.
func (b *bench) headlineStudents(ctx context.Context, effort student.Effort, train, test []student.Example, plane []drawn) ([]drawn, error) {
	name := "headlines_" + string(effort)
	all, err := student.Train(ctx, train, student.Options{Effort: effort, Seed: 1})
	if err != nil {
		return nil, err
	}
	right, seconds := answers(all.Student, test, 0)
	cost := seconds * corePerSecond
	accuracy := float64(right.correct) / float64(len(test))
	low, high := certify.Interval(right.correct, len(test), 0.95)
	b.Note(name+"_accuracy", accuracy, "")
	b.Note(name+"_accuracy_low", low, "")
	b.Note(name+"_accuracy_high", high, "")
	b.Note(name+"_seconds_to_train", all.Seconds+all.CrossFitSeconds, "s")
	fmt.Fprintf(os.Stderr, "%s: accuracy %.4f\n", name, accuracy)
	b.Note(name+"_dollars_per_million", cost*1e6, "USD")
	points := []drawn{{eval.Point{Name: "student, " + string(effort), Quality: accuracy, Cost: cost}, "student", low, high}}

	order := rand.New(rand.NewPCG(1, 5)).Perm(len(train))
	var learned, held []student.Example
	for i, at := range order {
		if i%5 == 0 {
			held = append(held, train[at])
		} else {
			learned = append(learned, train[at])
		}
	}
	part, err := student.Train(ctx, learned, student.Options{Effort: effort, Seed: 1})
	if err != nil {
		return nil, err
	}
	judged := make([]certify.Judgement, len(held))
	for i, e := range held {
		p := part.Student.Predict(e.Text)
		judged[i] = certify.Judgement{Score: p.Score, Agree: p.Label == e.Label}
	}
	for _, target := range targets {
		c, err := certify.Strict(judged, certify.Goal{Agreement: target, Confidence: 0.95})
		if err != nil {
			return nil, err
		}
		cell := fmt.Sprintf("%s_at_%g", name, target)
		if !c.Speaks() {
			b.Note(cell+"_answered", 0, "")
			continue
		}
		got, _ := answers(part.Student, test, c.Threshold)
		share := float64(got.answered) / float64(len(test))
		b.Note(cell+"_answered", share, "")
		b.Note(cell+"_agreement", float64(got.correct)/float64(max(1, got.answered)), "")
		b.Note(cell+"_if_the_rest_were_right", float64(got.correct)/float64(len(test))+1-share, "")
		for _, m := range plane {
			if m.family == "model" {
				points = append(points, cascade(m, fmt.Sprintf("%s student at %g, then %s", effort, target, m.Name), share, got.correct, len(test), cost))
			}
		}
	}
	return points, nil
}

// cascade returns the point of a student that answers a share and leaves the rest to a model.
func cascade(m drawn, name string, share float64, correct, n int, cost float64) drawn {
	own, left := float64(correct)/float64(n), 1-share
	return drawn{eval.Point{Name: name, Quality: own + left*m.Quality, Cost: cost + left*m.Cost}, "cascade",
		own + max(0, m.Quality-share), own + min(left, m.Quality)}
}

// tally counts answers.
type tally struct{ answered, correct int }

// answers has a student answer what it scores at least threshold, and returns the seconds that a question took.
func answers(s *student.Student, questions []student.Example, threshold float64) (t tally, seconds float64) {
	start := time.Now()
	for _, q := range questions {
		if p := s.Predict(q.Text); p.Score >= threshold {
			t.answered++
			if p.Label == q.Label {
				t.correct++
			}
		}
	}
	return t, time.Since(start).Seconds() / float64(len(questions))
}

// place says where our points lie among the published ones.
func (b *bench) place(plane, ours []drawn) {
	var known []eval.Point
	var best, frugal eval.Point
	for _, p := range plane {
		known = append(known, p.Point)
		if p.family == "model" && p.Quality > best.Quality {
			best = p.Point
		}
		if p.family == "FrugalGPT" && p.Quality > frugal.Quality {
			frugal = p.Point
		}
	}
	b.Note("headlines_best_model_accuracy", best.Quality, "")
	b.Note("headlines_frugalgpt_best_accuracy", frugal.Quality, "")
	students, top := map[string]eval.Point{}, drawn{}
	for _, p := range ours {
		if p.family == "student" {
			students[p.Name] = p.Point
		} else if p.Quality > top.Quality || p.Quality == top.Quality && p.Cost < top.Cost {
			top = p
		}
	}
	b.Note("headlines_best_cascade_accuracy", top.Quality, "")
	b.Note("headlines_best_cascade_accuracy_worst_case", top.low, "")
	b.Note("headlines_best_cascade_accuracy_best_case", top.high, "")
	b.Note("headlines_best_cascade_dollars_per_million", top.Cost*1e6, "USD")
	dominated, beaten := 0, 0
	for _, s := range students {
		place := eval.Frontier(append([]eval.Point{s}, known...))[0]
		if place.DominatedBy != "" {
			dominated++
		}
	}
	for _, p := range known {
		for _, s := range students {
			if s.Quality >= p.Quality && s.Cost <= p.Cost {
				beaten++
				break
			}
		}
	}
	b.Note("headlines_students_dominated", float64(dominated), fmt.Sprintf("of %d", len(students)))
	b.Note("headlines_published_points_dominated_by_a_student", float64(beaten), fmt.Sprintf("of %d", len(known)))
	fmt.Printf("\n%-64s %9s %19s %14s\n", "on 5,000 headlines", "accuracy", "range", "USD/million")
	for _, p := range append(plane, ours...) {
		if p.family == "cascade" && p.Name != top.Name && !strings.HasSuffix(p.Name, "gemini-1.5-flash-8b") && !strings.HasSuffix(p.Name, "gpt-4-turbo") {
			continue
		}
		fmt.Printf("%-64s %9.4f %9.4f–%-9.4f %14.4f\n", p.Name, p.Quality, p.low, p.high, p.Cost*1e6)
	}
	fmt.Println()
}

// headlines reads a split.
func headlines(split string) ([]student.Example, error) {
	rows, err := table("headlines/" + split + ".csv")
	if err != nil {
		return nil, err
	}
	var out []student.Example
	for _, row := range rows {
		out = append(out, student.Example{Text: row["headline"], Label: row["label"]})
	}
	return out, nil
}

// published reads the plane. Of FrugalGPT's budgets that led to one cascade the smallest is kept.
func published() ([]drawn, error) {
	rows, err := table("headlines/llm_cost_accuracy_2024.csv")
	if err != nil {
		return nil, err
	}
	var out []drawn
	seen := map[eval.Point]bool{}
	for _, row := range rows {
		quality, err := strconv.ParseFloat(row["Test_acc"], 64)
		cost, err2 := strconv.ParseFloat(row["Test_cost"], 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		p := drawn{eval.Point{Name: row["Method"], Quality: quality, Cost: cost}, "model", quality, quality}
		if row["Method"] == "FrugalGPT" {
			p.family = "FrugalGPT"
			if seen[p.Point] {
				continue
			}
			seen[p.Point] = true
		}
		out = append(out, p)
	}
	return out, nil
}

// table reads a CSV file of the data folder, each row by the names of its columns.
func table(name string) ([]map[string]string, error) {
	header, rows, err := shareddata.ReadCSV(name)
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for _, row := range rows {
		named := make(map[string]string, len(row))
		for i, value := range row {
			named[header[i]] = value
		}
		out = append(out, named)
	}
	return out, nil
}
