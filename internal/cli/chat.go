// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"retort/internal/app"
	"retort/model"
)

type chatCmd struct {
	jsonFlag
	Model  string   `arg:"" help:"Name of a model or task."`
	Prompt []string `arg:"" optional:"" help:"What to ask; standard input when missing or -."`
}

// maxPrompt bounds what chat reads from standard input.
const maxPrompt = 16 << 20

func (c *chatCmd) Run(s *session) error {
	prompt, err := c.prompt(s)
	if err != nil {
		return err
	}
	a, err := app.Open(s.ctx, s.config, app.Options{Getenv: s.Getenv})
	if err != nil {
		return err
	}
	defer a.Close()
	m, err := a.Model(c.Model)
	if err != nil {
		return err
	}
	trail, said := &model.Trail{}, ""
	req := model.NewRequest(c.Model, model.Prompt(prompt))
	req.Stream = true
	resp, err := m.Generate(model.WithTrail(s.ctx, trail), req, func(p model.Part) error {
		if c.JSON || p.Choice != 0 || (p.Kind != model.TextPart && p.Kind != model.RefusalPart) {
			return nil
		}
		text := p.Text
		if s.Screen {
			text = printableLines(text)
		}
		if text != "" {
			said = text
		}
		_, err := io.WriteString(s.Stdout, text)
		return err
	})
	if err != nil {
		if said != "" && !strings.HasSuffix(said, "\n") {
			fmt.Fprintln(s.Stdout) // what was said of the answer stands on lines of its own
		}
		return err
	}
	usage, cost := trail.Total()
	if c.JSON {
		return s.json(map[string]any{"model": resp.Model, "text": resp.Text(), "score": resp.Score,
			"usage": usage, "cost_usd": cost, "attempts": trail.Attempts()})
	}
	fmt.Fprintln(s.Stdout)
	if s.Terminal {
		fmt.Fprintf(s.Stderr, "(%s, %d + %d tokens, $%s)\n", resp.Model, usage.Input, usage.Output, cost)
	}
	return nil
}

func (c *chatCmd) prompt(s *session) (string, error) {
	prompt := strings.Join(c.Prompt, " ")
	if prompt == "" || prompt == "-" {
		b, err := io.ReadAll(io.LimitReader(s.Stdin, maxPrompt))
		if err != nil {
			return "", fmt.Errorf("read the prompt from standard input: %w", err)
		}
		prompt = strings.TrimSpace(string(b))
	}
	if prompt == "" {
		return "", &hinted{errors.New("there is no prompt"), `give one: retort chat MODEL "your question"`}
	}
	return prompt, nil
}
