// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"unicode/utf8"

	"retort/model"
)

// finishOf maps the dialect's reasons to end; others pass as they are.
func finishOf(reason string) model.Finish {
	switch reason {
	case "STOP":
		return model.FinishStop
	case "MAX_TOKENS":
		return model.FinishLength
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		return model.FinishFilter
	case "CONTINUATION":
		return model.FinishPause
	}
	return model.Finish(reason)
}

// reasonOf maps them back. Reasons of other dialects that have no counterpart are OTHER.
func reasonOf(f model.Finish) string {
	switch f {
	case model.FinishStop, model.FinishToolCalls, "":
		return "STOP"
	case model.FinishLength, model.FinishPause: // without the vendor's token a client cannot go on as after CONTINUATION
		return "MAX_TOKENS"
	case model.FinishFilter, model.FinishRefusal:
		return "SAFETY"
	case "LANGUAGE", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "NO_IMAGE", "IMAGE_OTHER":
		return string(f)
	}
	return "OTHER"
}

// usage reads the count of tokens; null leaves u as it is. What tools read counts as input, thoughts as output.
func (d *decoder) usage(u *model.Usage) error {
	if d.Null() {
		return nil
	}
	var prompt, cached, answer, thoughts, tools int
	err := d.members(func(key string) error {
		var to *int
		switch key {
		case "promptTokenCount":
			to = &prompt
		case "cachedContentTokenCount":
			to = &cached
		case "candidatesTokenCount":
			to = &answer
		case "thoughtsTokenCount":
			to = &thoughts
		case "toolUsePromptTokenCount":
			to = &tools
		default:
			d.Skip()
			return nil
		}
		_, err := d.count(to, 0)
		return err
	})
	if err == nil {
		*u = model.Usage{Input: prompt + tools, Cached: cached, Output: answer + thoughts, Reasoning: thoughts}
	}
	return err
}

func (e *encoder) usage(u *model.Usage) {
	e.Key("usageMetadata")
	mark := e.Open()
	e.Whole("promptTokenCount", int64(u.Input))
	if u.Cached > 0 {
		e.Whole("cachedContentTokenCount", int64(u.Cached))
	}
	e.Whole("candidatesTokenCount", int64(max(0, u.Output-u.Reasoning)))
	if u.Reasoning > 0 {
		e.Whole("thoughtsTokenCount", int64(u.Reasoning))
	}
	e.Whole("totalTokenCount", int64(u.Input)+int64(u.Output))
	e.Close(mark)
}

// logprobs reads the tokens chosen and, for each, its alternatives.
func (d *decoder) logprobs(probs *[]model.TokenLogprob) error {
	if d.Null() {
		return nil
	}
	var tops [][]model.TokenLogprob
	err := d.members(func(key string) error {
		switch key {
		case "chosenCandidates":
			return d.tokens(probs)
		case "topCandidates":
			return d.each(func(int) error {
				var top []model.TokenLogprob
				err := d.members(func(key string) error {
					if key == "candidates" {
						return d.tokens(&top)
					}
					d.Skip()
					return nil
				})
				tops = append(tops, top)
				return err
			})
		}
		d.Skip()
		return nil
	})
	for i := range *probs {
		if i < len(tops) {
			(*probs)[i].Top = tops[i]
		}
	}
	return err
}

func (d *decoder) tokens(list *[]model.TokenLogprob) error {
	return d.each(func(int) error {
		var t model.TokenLogprob
		err := d.members(func(key string) error {
			switch key {
			case "token":
				return d.Str(&t.Token)
			case "logProbability":
				var v *float64
				err := d.number(&v)
				if v != nil {
					t.Logprob = *v
				}
				return err
			}
			d.Skip()
			return nil
		})
		*list = append(*list, t)
		return err
	})
}

func (e *encoder) logprobs(probs []model.TokenLogprob) {
	if len(probs) == 0 {
		return
	}
	e.Key("logprobsResult")
	mark := e.Open()
	e.Array("topCandidates")
	for i := range probs {
		e.Elem()
		top := e.Open()
		e.Array("candidates")
		for j := range probs[i].Top {
			e.token(&probs[i].Top[j])
		}
		e.EndArray()
		e.Close(top)
	}
	e.EndArray()
	e.Array("chosenCandidates")
	for i := range probs {
		e.token(&probs[i])
	}
	e.EndArray()
	e.Close(mark)
}

func (e *encoder) token(t *model.TokenLogprob) {
	e.Elem()
	mark := e.Open()
	e.Text("token", t.Token)
	p := t.Logprob
	e.Number("logProbability", &p)
	e.Close(mark)
}

// cited is a citation whose place is counted in bytes of the answer's text, as the vendor does.
type cited struct {
	model.Citation
	part int // which part of the answer the place is in
}

// citations returns citations whose places are counted in code points of the block of text that was read last.
func (at *candidate) citations(list []cited) []model.Citation {
	out := make([]model.Citation, len(list))
	text := at.text[at.block:]
	for i := range list {
		out[i] = list[i].Citation
		start, end := out[i].Start-at.block, out[i].End-at.block
		if list[i].part > 0 {
			start, end = out[i].Start, out[i].End
		}
		if start < 0 || end > len(text) || start >= end {
			out[i].Start, out[i].End = 0, 0 // the whole
			continue
		}
		out[i].Start = utf8.RuneCount(text[:start])
		out[i].End = out[i].Start + utf8.RuneCount(text[start:end])
	}
	return out
}

// sources reads the older kind of citations: places that repeat a source.
func (d *decoder) sources(list *[]cited) error {
	if d.Null() {
		return nil
	}
	return d.members(func(key string) error {
		if key != "citationSources" && key != "citations" {
			d.Skip()
			return nil
		}
		return d.each(func(int) error {
			var c cited
			err := d.members(func(key string) error {
				switch key {
				case "uri":
					return d.Str(&c.URL)
				case "title":
					return d.Str(&c.Title)
				case "startIndex":
					_, err := d.count(&c.Start, 0)
					return err
				case "endIndex":
					_, err := d.count(&c.End, 0)
					return err
				}
				d.Skip()
				return nil
			})
			*list = append(*list, c)
			return err
		})
	})
}
