// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"retort/internal/app"
	"retort/student"
)

type studentsCmd struct {
	List     studentsListCmd     `cmd:"" help:"List students, newest first."`
	Show     studentsShowCmd     `cmd:"" help:"Show a student's card."`
	Promote  studentsPromoteCmd  `cmd:"" help:"Make a student the champion of its task."`
	Rollback studentsRollbackCmd `cmd:"" help:"Make the previous champion of a task its champion again."`
}

// opened runs a command on the data folder.
func (s *session) opened(run func(a *app.App) error) error {
	a, err := s.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	return run(a)
}

// open opens the configuration. Where it may be missing, and a missing one was named, that is said: its name may be misspelled.
func (s *session) open(optional bool) (*app.App, error) {
	if _, err := os.Stat(s.config); optional && s.configFlag() != "" && errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(s.Stderr, "note: there is no configuration file %s; the defaults stand in for it\n", relative(s.config))
	}
	return app.Open(s.ctx, s.config, app.Options{Getenv: s.Getenv, Optional: optional})
}

type studentsListCmd struct {
	jsonFlag
	Task string `placeholder:"TASK" help:"Only of this task."`
}

func (c *studentsListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		students, err := a.Students(s.ctx, c.Task)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(students)
		}
		if len(students) == 0 {
			fmt.Fprintln(s.Stderr, "no students yet; make one with: retort distill TASK")
			return nil
		}
		var rows [][]string
		for _, st := range students {
			status, size := st.Status(), bytesText(st.Bytes)
			switch {
			case st.Cleared != nil:
				status, size = "cleared", "–"
			case st.Out != "":
				status = "taken out"
			}
			rows = append(rows, []string{st.ID, st.Task, string(st.Stage), status, percent(st.Card.Metrics["accuracy"]),
				percent(st.Card.Metrics["coverage"]), size, clock(st.Created)})
		}
		return s.table(columns("ID", "TASK", "STAGE", "STATUS", ">ACCURACY", ">COVERAGE", ">SIZE", "CREATED"), rows)
	})
}

type studentsShowCmd struct {
	jsonFlag
	ID string `arg:"" help:"The student's id, or the start of it."`
}

func (c *studentsShowCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		st, err := a.Student(s.ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(st)
		}
		return c.print(s, st)
	})
}

// print shows a student's card to people.
func (c *studentsShowCmd) print(s *session, st *app.Student) error {
	card := &st.Card
	s.line("student", st.ID+", "+string(st.Stage)+" of task "+st.Task)
	s.line("made", clock(st.Created))
	if st.Cleared != nil {
		s.line("cleared", clock(*st.Cleared)+": it never served, and later ones were made; wheel.keep of the task says how many are kept")
	} else {
		s.line("file", fmt.Sprintf("%s, %s", st.Path, bytesText(st.Bytes)))
	}
	s.line("learned from", fmt.Sprintf("%d examples, labelled by %s", card.Examples, strings.Join(card.Teachers, ", ")))
	s.line("dataset", card.Dataset)
	s.line("data", card.DataHash)
	what, names := "labels", card.Labels
	if card.Schema != nil {
		what, names = "fields", card.Schema.Names()
	}
	s.line(what, fmt.Sprintf("%d: %s", len(names), clip(strings.Join(names, ", "), 300)))
	s.line("never seen", strings.Join(card.Training.Unseen, ", "))
	training := fmt.Sprintf("effort %s, seed %d, %d folds", card.Training.Effort, card.Training.Seed, card.Training.Folds)
	if n := card.Training.Features; n > 0 { // of objects each field has its own
		training += fmt.Sprintf(", %d features", n)
	}
	s.line("training", training)
	guarantee := "none was asked for"
	if card.Certificate != nil {
		guarantee = card.Certificate.String()
	}
	s.line("guarantee", guarantee)
	s.line("silent", st.Out)
	audited := string(st.Audit)
	if audited == "" {
		audited = "not yet; retort audit " + st.ID + " --eval FILE checks what it inherited"
	}
	if st.Found != "" {
		audited += ": " + st.Found
	}
	s.line("audit", audited)
	for _, name := range slices.Sorted(maps.Keys(card.Metrics)) {
		if !strings.HasPrefix(name, fieldAccuracy) {
			s.line("measured", fmt.Sprintf("%s %.4g", strings.ReplaceAll(name, "_", " "), card.Metrics[name]))
		}
	}
	if len(card.Fields) == 0 {
		return nil
	}
	fmt.Fprintln(s.Stdout)
	return c.fields(s, card)
}

// fieldAccuracy begins the names of metrics of single fields.
const fieldAccuracy = "field_accuracy_"

// fields prints what may be relied on of the fields of objects, one a line, and then why some are silent.
func (c *studentsShowCmd) fields(s *session, card *student.Card) error {
	var rows [][]string
	var why [][2]string
	for _, f := range card.Fields {
		row := []string{f.Field, "-", string(f.Certificate.Status), "-", "-", "-"}
		if accuracy, ok := card.Metrics[fieldAccuracy+f.Field]; ok {
			row[1] = percent(accuracy)
		}
		if f.Certificate.Speaks() {
			row[3], row[4] = fmt.Sprintf("%.3f", f.Certificate.Threshold), fmt.Sprintf("%d of %d", f.Certificate.Answered, f.Certificate.Labels)
			// The bound is rounded down, so as not to claim more than is shown.
			row[5] = fmt.Sprintf("≥ %s with confidence %s", percent(math.Floor(f.Certificate.Lower*1000+1e-9)/1000), percent(f.Certificate.Confidence))
		}
		if f.Certificate.Reason != "" {
			why = append(why, [2]string{f.Field, f.Certificate.Reason})
		}
		rows = append(rows, row)
	}
	if err := s.table(columns("FIELD", ">ACCURACY", "STATUS", ">FROM SCORE", ">VALUES", "AGREEMENT"), rows); err != nil {
		return err
	}
	for _, w := range why {
		s.line(w[0], w[1])
	}
	return nil
}

type studentsPromoteCmd struct {
	jsonFlag
	ID    string `arg:"" help:"The student's id, or the start of it."`
	Force bool   `help:"Promote it even if its audit did not pass."`
}

func (c *studentsPromoteCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		promote := a.Promote
		if c.Force {
			promote = a.ForcePromote
		}
		st, err := promote(s.ctx, c.ID)
		if err == nil && !c.JSON {
			if kept, _ := a.KeptAudit(s.ctx, st.ID); kept == nil {
				fmt.Fprintf(s.Stderr, "hint: it was not audited; retort audit %s --eval FILE checks what it inherited\n", st.ID)
			}
		}
		return c.done(s, st, err)
	})
}

func (c *studentsPromoteCmd) done(s *session, st *app.Student, err error) error {
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(st)
	}
	if why := st.Silent(); why != "" {
		fmt.Fprintf(s.Stdout, "%s is now the champion of %s, and silent, so that the teacher answers: %s\n", st.ID, printable(st.Task), printable(why))
		if st.Out != "" {
			fmt.Fprintf(s.Stdout, "put it back:  %s students promote %s%s\n", program(), st.ID, s.configFlag())
		}
		return nil
	}
	fmt.Fprintf(s.Stdout, "%s is now the champion of %s; a serving retort takes it up within a second\n", st.ID, st.Task)
	return nil
}

type studentsRollbackCmd struct {
	jsonFlag
	Task string `arg:"" help:"The task."`
}

func (c *studentsRollbackCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		st, err := a.Rollback(s.ctx, c.Task)
		if err == nil && st == nil { // rolled back to no student at all
			if c.JSON {
				return s.json(map[string]any{"task": c.Task, "champion": nil})
			}
			fmt.Fprintf(s.Stdout, "%s has no champion any more; its teacher answers\n", c.Task)
			return nil
		}
		return (&studentsPromoteCmd{jsonFlag: c.jsonFlag}).done(s, st, err)
	})
}
