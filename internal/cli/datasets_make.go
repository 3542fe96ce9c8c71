// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/internal/app"
)

type datasetsSplitCmd struct {
	jsonFlag
	Ref   string `arg:"" name:"version" help:"A version."`
	Parts string `default:"train=0.8,test=0.2" placeholder:"PARTS" help:"Parts with their shares (default train=0.8,test=0.2); each becomes a dataset NAME-PART."`
	Seed  uint64 `default:"1" help:"Another seed divides otherwise."`
}

func (c *datasetsSplitCmd) Run(s *session) error {
	parts, err := dataset.ParseParts(c.Parts)
	if err != nil {
		return err
	}
	return s.opened(func(a *app.App) error {
		bar := s.progress(c.JSON && !s.Terminal)
		made, err := a.SplitDataset(s.ctx, c.Ref, parts, c.Seed, bar.Step)
		bar.End()
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(made)
		}
		for _, v := range made {
			fmt.Fprintf(s.Stdout, "%-24s %d examples, %d labels\n", v.Ref(), v.Examples, v.Distinct)
		}
		return nil
	})
}

type datasetsRefineCmd struct {
	jsonFlag
	Ref   string `arg:"" name:"version" help:"A version."`
	As    string `placeholder:"NAME" help:"Name of the new version (default: the old one's)."`
	Steps string `default:"default" placeholder:"STEPS" help:"Steps as --refine of retort distill has them: default, none, or steps with commas between; -STEP leaves one out, STEP=list only lists what it finds, private=mask masks it."`
	Eval  string `placeholder:"FILE" help:"A version or a file that nothing may be nearly the same as (step leakage)."`
	Input string `placeholder:"COL" help:"Column of the input in --eval."`
	Label string `placeholder:"COL" help:"Column of the label in --eval."`
	Seed  uint64 `default:"1" help:"Seed of everything random."`
	Tag   string `placeholder:"WORD" help:"Point this word to the new version."`
	anewFlag
}

func (c *datasetsRefineCmd) Run(s *session) error {
	plan, err := refine.ParsePlan(c.Steps)
	if err != nil {
		return err
	}
	return s.opened(func(a *app.App) error {
		return s.asRun(c.Anew, c.JSON && !s.Terminal, func(how app.Asked, bar *progress) error {
			return a.RefineRun(s.ctx, app.RefineOptions{Ref: c.Ref, As: c.As, Plan: plan, Eval: c.Eval,
				Columns: dataset.Columns{Input: c.Input, Label: c.Label}, Seed: c.Seed, Tag: c.Tag}, how, func(v *app.MadeVersion) error {
				bar.End()
				return s.madeVersion(v, nil, c.JSON)
			})
		})
	})
}

// version shows a version to people.
func (s *session) version(v *dataset.Version) {
	s.line("dataset", v.Ref())
	s.line("tags", strings.Join(v.Tags, ", "))
	s.line("address", "sha256:"+v.Address)
	s.line("made", clock(v.Created))
	s.line("task", v.Task)
	s.line("examples", exampleWords(v))
	s.line("labels", labelWords(v))
	if len(v.Teachers) > 0 {
		s.line("labelled by", clip(strings.Join(slices.Sorted(maps.Keys(v.Teachers)), ", "), 300))
	}
	for i := range v.Sources {
		s.line("from", sourceWords(&v.Sources[i]))
	}
	for _, p := range v.Parents {
		text := fmt.Sprintf("%d examples of %s", p.Examples, p.Ref)
		if p.Part != "" {
			text += ", part " + p.Part
		}
		s.line("from", text)
	}
	for i := range v.Steps {
		step := &v.Steps[i]
		text := fmt.Sprintf("%s: %d of %d left", step.Step, step.Out, step.In)
		if found := refine.Findings(step); len(found) > 0 {
			text += "; " + strings.Join(found, "; ")
		}
		s.line("refined", text)
	}
	for _, note := range v.Notes {
		s.line("note", note)
	}
}

func exampleWords(v *dataset.Version) string {
	text := fmt.Sprintf("%d, %s", v.Examples, bytesText(v.Bytes))
	for _, part := range []struct {
		n    int
		what string
	}{{v.Gold, "labelled by people"}, {v.Soft, "with soft labels"}, {v.Hard, "no fair sample of the traffic"}} {
		if part.n > 0 {
			text += fmt.Sprintf("; %d %s", part.n, part.what)
		}
	}
	return text
}

func labelWords(v *dataset.Version) string {
	const most = 8
	names := dataset.MostFrequent(v.Labels)
	words := make([]string, 0, most)
	for _, name := range names[:min(most, len(names))] {
		words = append(words, fmt.Sprintf("%s %d", clip(name, 40), v.Labels[name]))
	}
	text := fmt.Sprintf("%d: %s", v.Distinct, strings.Join(words, ", "))
	if v.Distinct > most {
		text += ", …"
	}
	return text
}

func sourceWords(source *dataset.Source) string {
	text := fmt.Sprintf("%d examples of %s %s", source.Examples, source.Kind, source.Name)
	if c := source.Columns; c != nil && *c != (dataset.Columns{Input: "text", Label: "label"}) && c.Input != c.Label {
		text += fmt.Sprintf(", texts from %q and labels from %q", clip(c.Input, 40), clip(c.Label, 40))
	}
	if source.Repaired > 0 {
		text += fmt.Sprintf("; %d with bytes that are no UTF-8, replaced by \ufffd", source.Repaired)
	}
	for _, reason := range slices.Sorted(maps.Keys(source.Skipped)) {
		text += fmt.Sprintf("; %d left out: %s", source.Skipped[reason], reason)
	}
	return text
}

// diff shows a comparison to people.
func (s *session) diff(d *dataset.Diff) {
	s.line("examples", fmt.Sprintf("%d before, %d after", d.Before, d.After))
	s.line("texts", fmt.Sprintf("%d the same, %d added, %d removed, %d relabelled, %d more or less often", d.Same, d.Added, d.Removed, d.Relabeled, d.Repeated))
	for _, label := range slices.Sorted(maps.Keys(d.Labels)) {
		s.line("label", fmt.Sprintf("%+d %s", d.Labels[label], label))
	}
	for _, c := range d.Changes {
		text := clip(c.Text, 100)
		if c.Before != "" || c.After != "" {
			text += fmt.Sprintf(" (%s → %s)", labelOf(c.Before, c.BeforeOthers), labelOf(c.After, c.AfterOthers))
		}
		s.line(c.Kind, text)
	}
}

// labelOf names a label that a text has, among others perhaps.
func labelOf(label string, others bool) string {
	if others {
		return clip(label, 40) + " and others"
	}
	return clip(label, 40)
}
