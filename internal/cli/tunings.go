// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"

	"retort/internal/app"
	"retort/internal/store"
	"retort/tune"
)

type tuningsCmd struct {
	List tuningsListCmd `cmd:"" help:"List what blends were tuned to, newest first."`
	Show tuningsShowCmd `cmd:"" help:"Show what a tuning was made from, and what it is worth."`
	Use  tuningsUseCmd  `cmd:"" help:"Put a tuning in use: an older one to roll back."`
	Drop tuningsDropCmd `cmd:"" help:"Put the tuning in use of a blend aside, so that it goes untuned."`
}

type tuningsListCmd struct {
	jsonFlag
	Blend string `placeholder:"BLEND" help:"Only of this blend."`
}

func (c *tuningsListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		all, err := a.Tunings(s.ctx, c.Blend)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(all)
		}
		if len(all) == 0 {
			fmt.Fprintln(s.Stderr, "no tunings yet; make one with: retort tune BLEND")
			return nil
		}
		var rows [][]string
		for i := range all {
			t := &all[i]
			card, err := cardOf(t)
			if err != nil {
				return err
			}
			use := ""
			if t.Used != nil {
				use = "in use since " + clock(*t.Used)
			}
			rows = append(rows, []string{t.ID, t.Blend, t.Kind, fmt.Sprint(card.Records), clip(card.Verdict, 60), clock(t.Created), use})
		}
		return s.table(columns("ID", "BLEND", "KIND", ">RECORDS", "VERDICT", "CREATED", ""), rows)
	})
}

func cardOf(t *store.Tuning) (*tune.Report, error) {
	card := &tune.Report{}
	if err := json.Unmarshal(t.Card, card); err != nil {
		return nil, fmt.Errorf("read the card of tuning %s: %w", t.ID, err)
	}
	return card, nil
}

type tuningsShowCmd struct {
	jsonFlag
	ID string `arg:"" help:"The tuning's id, or the start of it."`
}

func (c *tuningsShowCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		t, err := a.Tuning(s.ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(t)
		}
		card, err := cardOf(t)
		if err != nil {
			return err
		}
		s.line("made", clock(t.Created))
		s.line("file", fmt.Sprintf("%s, %s", t.Path, bytesText(t.Bytes)))
		if t.Used != nil {
			s.line("in use since", clock(*t.Used))
		}
		card.Tuning = ""
		return s.tuned(card)
	})
}

type tuningsUseCmd struct {
	jsonFlag
	ID string `arg:"" help:"The tuning's id, or the start of it."`
}

func (c *tuningsUseCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		t, err := a.UseTuning(s.ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(t)
		}
		fmt.Fprintf(s.Stdout, "%s is now in use for %s; a serving retort takes it up within a second\n", t.ID, t.Blend)
		return nil
	})
}

type tuningsDropCmd struct {
	jsonFlag
	Blend string `arg:"" help:"The blend."`
}

func (c *tuningsDropCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		if err := a.DropTuning(s.ctx, c.Blend); err != nil {
			return err
		}
		if c.JSON {
			return s.json(map[string]any{"blend": c.Blend, "tuning": nil})
		}
		fmt.Fprintf(s.Stdout, "%s goes untuned\n", c.Blend)
		return nil
	})
}
