// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

const seeds = 100

// TestNativeContentSurvives encodes and decodes random requests of what the table calls native.
func TestNativeContentSurvives(t *testing.T) {
	for _, d := range served() {
		t.Run(d.Name, func(t *testing.T) {
			for seed := range uint64(seeds) {
				content := draw(d, seed).content()
				got, e, err := through(t, d, content)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if len(e.dropped) > 0 {
					t.Fatalf("seed %d: dropped %v\n%s", seed, e.dropped, e.body)
				}
				if diff := cmp.Diff(normal(content), normal(got), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%s\n%s", seed, diff, e.body)
				}
				if diff := cmp.Diff(settled(content), settled(got), cmpopts.EquateEmpty()); diff != "" && !told(d, content, got) {
					t.Fatalf("seed %d, settings (-want +got):\n%s\n%s", seed, diff, e.body)
				}
			}
		})
	}
}

// told says whether what differs is that a dialect insists on a limit that was not given.
func told(d all.Entry, want, got *model.Content) bool {
	if want.MaxTokens != nil || got.MaxTokens == nil {
		return false
	}
	copied := *got
	copied.MaxTokens = nil
	return cmp.Equal(settled(want), settled(&copied), cmpopts.EquateEmpty())
}

// TestSharedFeaturesSurvivePairs takes each feature that two dialects have from the first to the second and back.
func TestSharedFeaturesSurvivePairs(t *testing.T) {
	for _, a := range served() {
		for _, b := range served() {
			if a.Name == b.Name {
				continue
			}
			t.Run(a.Name+" "+b.Name, func(t *testing.T) {
				for _, u := range uses() {
					if tableOf(a)[u.feature] != dialect.Dropped && tableOf(b)[u.feature] != dialect.Dropped && !vendorsOwn(u.feature) && !adaptive(u.feature, a, b) {
						u.checkPair(t, a, b)
					}
				}
			})
		}
	}
}

// vendorsOwn are features whose values mean nothing to another vendor.
func vendorsOwn(f dialect.Feature) bool {
	return f == dialect.Seals || f == dialect.ImageFile || f == dialect.DocumentFile || f == dialect.ServiceTier
}

// adaptive says whether a wish to think becomes one to think as needed, which is all that Gemini has, and which is what
// Ollama does unasked.
func adaptive(f dialect.Feature, a, b all.Entry) bool {
	return f == dialect.ReasoningMode && (a.Name == "gemini" && b.Name == "ollama" || a.Name == "ollama" && b.Name == "gemini")
}

func (u *use) checkPair(t *testing.T, a, b all.Entry) {
	t.Helper()
	content, trace := u.asked(a), ""
	for _, d := range []all.Entry{a, b, a} {
		got, e, err := through(t, d, content)
		if err != nil {
			t.Errorf("%s in %s: %v", u.feature, d.Name, err)
			return
		}
		if mentioned(e.dropped, u.feature) {
			t.Errorf("%s in %s: dropped %v\n%s%s", u.feature, d.Name, e.dropped, trace, e.body)
			return
		}
		content = got
		trace += string(e.body) + "\n"
	}
	if !u.has(a, content, dialect.Mapped) {
		t.Errorf("%s is lost:\n%s%s", u.feature, trace, show(content))
	}
}

// essence is what of an answer every dialect has.
type essence struct {
	Blocks []line
	Finish model.Finish
	Usage  model.Usage
}

func essenceOf(resp *model.Response) essence {
	e := essence{Usage: resp.Usage}
	if len(resp.Choices) == 1 {
		e.Blocks, e.Finish = normal(&model.Content{Messages: []model.Message{resp.Choices[0].Message}}), resp.Choices[0].Finish
	}
	return e
}

// sources are the ways in which a network cuts a body.
func sources(body []byte) map[string]io.Reader {
	all := map[string]io.Reader{"at once": bytes.NewReader(body), "in halves": iotest.HalfReader(bytes.NewReader(body))}
	if len(body) < 4000 {
		all["byte by byte"] = iotest.OneByteReader(bytes.NewReader(body))
	}
	return all
}

// TestAnswersSurvive lets each dialect write random answers, in random parts, and reads them however the network cuts
// them.
func TestAnswersSurvive(t *testing.T) {
	for _, d := range served() {
		t.Run(d.Name, func(t *testing.T) {
			for seed := range uint64(seeds) {
				resp, parts := draw(d, seed).response()
				want := essenceOf(resp)
				for _, stream := range []bool{false, true} {
					req := asking(t, d, stream)
					kind, body := answer(t, d, req, parts, resp)
					for how, src := range sources(body) {
						got, seen, err := collect(d, req, kind, src)
						if err != nil {
							t.Fatalf("seed %d, stream %v, %s: %v\n%.3000s", seed, stream, how, err, body)
						}
						if diff := cmp.Diff(want, essenceOf(got), cmpopts.EquateEmpty()); diff != "" {
							t.Fatalf("seed %d, stream %v, %s (-want +got):\n%.3000s\n%.5000s", seed, stream, how, diff, body)
						}
						checkParts(t, got, seen)
					}
				}
			}
		})
	}
}

// checkParts says whether parts add up to the answer.
func checkParts(t *testing.T, resp *model.Response, parts []model.Part) {
	t.Helper()
	var c model.Collector
	for i := range parts {
		if err := c.Add(&parts[i]); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(essenceOf(resp).Blocks, essenceOf(&model.Response{Choices: c.Choices()}).Blocks, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("the parts say otherwise than the answer (-answer +parts):\n%.3000s", diff)
	}
}

// TestAnswersSurvivePairs takes streams from one dialect through another and back.
func TestAnswersSurvivePairs(t *testing.T) {
	for _, a := range served() {
		for _, b := range served() {
			if a.Name == b.Name {
				continue
			}
			t.Run(a.Name+" "+b.Name, func(t *testing.T) {
				for seed := range uint64(20) {
					d := draw(a, seed)
					resp, parts := d.response()
					want := essenceOf(resp)
					for _, via := range []all.Entry{a, b, a} {
						req := asking(t, via, true)
						kind, body := answer(t, via, req, parts, resp)
						next, seen, err := collect(via, req, kind, bytes.NewReader(body))
						if err != nil {
							t.Fatalf("seed %d, %s: %v\n%.3000s", seed, via.Name, err, body)
						}
						resp, parts = next, seen
					}
					got := essenceOf(resp)
					if b.Table[dialect.UsageCached] == dialect.Dropped {
						want.Usage.Cached, got.Usage.Cached = 0, 0
					}
					if b.Table[dialect.UsageReasoning] == dialect.Dropped {
						want.Usage.Reasoning, got.Usage.Reasoning = 0, 0
					}
					if b.Table[dialect.AnswerReasoning] == dialect.Dropped {
						silent := func(l line) bool { return l.Block.Kind == model.ReasoningBlock }
						want.Blocks = slices.DeleteFunc(want.Blocks, silent)
					}
					if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
						t.Fatalf("seed %d (-want +got):\n%.3000s", seed, diff)
					}
				}
			})
		}
	}
}

// TestOwnStreamsPassUnchanged reads streams and writes them in the same dialect: not a byte may differ.
func TestOwnStreamsPassUnchanged(t *testing.T) {
	for _, d := range served() {
		t.Run(d.Name, func(t *testing.T) {
			for seed := range uint64(60) {
				resp, parts := draw(d, seed).response()
				req := asking(t, d, true)
				kind, body := answer(t, d, req, parts, resp)
				passed(t, d, req, kind, string(body))
			}
			for _, stream := range natives()[d.Name] {
				passed(t, d, asking(t, d, true), streamType(d), stream)
			}
		})
	}
}

func streamType(d all.Entry) string {
	if d.Name == "ollama" {
		return "application/x-ndjson"
	}
	return "text/event-stream"
}

func passed(t *testing.T, d all.Entry, req *model.Request, kind, body string) {
	t.Helper()
	var out bytes.Buffer
	a := d.Server.Answer(&out, req)
	resp, err := read(d, req, kind, strings.NewReader(body), a.Part)
	if err != nil {
		t.Fatalf("%v\n%.3000s", err, body)
	}
	if err := a.Finish(resp); err != nil {
		t.Fatal(err)
	}
	body = strings.ReplaceAll(body, "\r\n", "\n") // framing alone is written anew
	if diff := cmp.Diff(strings.Split(body, "\n"), strings.Split(out.String(), "\n")); diff != "" {
		t.Fatalf("a stream was changed (-sent +passed):\n%.3000s", diff)
	}
}
