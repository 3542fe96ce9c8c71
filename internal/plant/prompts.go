// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"retort/eval/judge"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/tune"
)

// judging names a judge and how it is asked: a prompt that was found for another one is worth nothing.
func (p *Plant) judging(c *config.Judge) string {
	text, err := json.Marshal(struct {
		Model, Rubric string
		Logprobs      bool
		Named         map[string]any
	}{c.Model, c.Rubric, c.Logprobs, origin.Describe(p.Config, c.Model)})
	if err != nil { // text and numbers always marshal
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

var errOtherJudge = errors.New("it is the prompt of another judge, or of one that is asked in another way; tune it anew")

// promptFor reads the prompt that was found for a judge.
func promptFor(file []byte, judging string, pairs bool) (judge.Prompt, error) {
	f, err := judge.DecodePrompt(file)
	switch {
	case err != nil:
		return judge.Prompt{}, err
	case f.For != judging || f.Pairs != pairs:
		return judge.Prompt{}, errOtherJudge
	}
	return f.Prompt, nil
}

func promptsOf(c *config.Judge, pairs bool) tune.Prompts {
	return tune.Prompts{Rubrics: append([]string{c.Rubric}, c.Rubrics...), Pairs: pairs, Logprobs: c.Logprobs}
}
