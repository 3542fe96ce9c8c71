// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Cascade asks Cheap and, when its answer is not accepted, Strong.
type Cascade struct {
	Cheap      string   `yaml:"cheap" required:"true" doc:"Model asked first."`
	Strong     string   `yaml:"strong" required:"true" doc:"Model asked when the cheap one's answer is not accepted."`
	Verify     Verify   `yaml:"verify" required:"true" doc:"How the cheap answer is scored; exactly one way."`
	Accept     string   `yaml:"accept" doc:"The least score that will do, above 0 and at most 1, or certified: the one that retort tune certified. Left out where answers pass or fail."`
	Agreement  float64  `yaml:"agreement" default:"0.95" doc:"For accept certified: share of the accepted answers that must be good, between 0 and 1."`
	Confidence float64  `yaml:"confidence" default:"0.95" doc:"For accept certified: confidence with which that must be shown, between 0 and 1."`
	Timeout    Duration `yaml:"timeout" default:"30s" doc:"How long the verdict may take; after that the strong model answers."`
}

// The ways to score an answer that need nothing more said.
const (
	VerifyScore   = "score"
	VerifyJSON    = "json"
	VerifyLearned = "learned"
)

// AcceptCertified is the Accept that means the certified threshold.
const AcceptCertified = "certified"

// Verify says how an answer is scored; exactly one field is set.
type Verify struct {
	By      string   `yaml:"by" short:"true" enum:"score,json,learned" doc:"score: its own, as students give one; json: it is JSON, valid by the request's schema if there is one; learned: the verifier that retort tune trained."`
	Match   string   `yaml:"match" doc:"Its text matches this regular expression (RE2)."`
	Schema  string   `yaml:"schema" doc:"It is JSON and valid by the JSON Schema in this file; relative to this file."`
	Command *Command `yaml:"command" doc:"A program that reads the answer ends with status 0."`
	Logprob string   `yaml:"logprob" enum:"mean,least,first,whole" doc:"How likely the model found its tokens: their geometric mean, the least likely one, the first, or all together."`
	Samples *Samples `yaml:"samples" doc:"The share of further answers that agree with it."`
	Judge   *Judge   `yaml:"judge" doc:"The grade that a model gives it."`
}

// Command is a program that looks at answers.
type Command struct {
	Run        []string `yaml:"run" required:"true" doc:"The program and its arguments; no shell reads them. It gets the answer on standard input and the request in the file that RETORT_REQUEST names."`
	Concurrent int      `yaml:"concurrent" default:"4" doc:"Runs at a time; others wait."`
}

// Samples are further answers to compare with.
type Samples struct {
	Count       int     `yaml:"count" short:"true" default:"4" doc:"How many more the cheap model is asked for."`
	Temperature float64 `yaml:"temperature" default:"1" doc:"The temperature they are drawn with."`
	Same        string  `yaml:"same" enum:"text,json" default:"text" doc:"text: answers agree when they differ in case, spacing and punctuation at most; json: when they are the same value."`
	Task        string  `yaml:"task" doc:"Answers agree when they mean the same label of this task; instead of same."`
}

// Judge is a model that judges answers.
type Judge struct {
	Model    string   `yaml:"model" short:"true" required:"true" doc:"Model that judges."`
	Rubric   string   `yaml:"rubric" doc:"What makes an answer good, in words for the judge; a general one when left out."`
	Rubrics  []string `yaml:"rubrics" json:",omitempty" doc:"Other rubrics for retort tune to try, beside those that are built in."`
	Logprobs bool     `yaml:"logprobs" doc:"Weigh the verdicts that the judge might have given by their probability; for models that give log-probabilities."`
}

// waysToVerify are the keys of which a Verify has exactly one.
var waysToVerify = []string{"by", "match", "schema", "command", "logprob", "samples", "judge"}

// ways returns which of waysToVerify are set.
func (v *Verify) ways() []string {
	set := map[string]bool{"by": v.By != "", "match": v.Match != "", "schema": v.Schema != "", "command": v.Command != nil,
		"logprob": v.Logprob != "", "samples": v.Samples != nil, "judge": v.Judge != nil}
	return slices.DeleteFunc(slices.Clone(waysToVerify), func(k string) bool { return !set[k] })
}

// tests says whether answers pass or fail, so that there is no score to choose.
func (v *Verify) tests() bool {
	return v.By == VerifyJSON || v.Match != "" || v.Schema != "" || v.Command != nil
}

// Threshold returns the least score that is accepted; with certified it is the one that was certified.
func (c *Cascade) Threshold() (least float64, certified bool, err error) {
	switch {
	case c.Accept == AcceptCertified:
		return 0, true, nil
	case c.Accept == "" && c.Verify.tests():
		return 1, false, nil
	}
	least, err = strconv.ParseFloat(strings.TrimSpace(c.Accept), 64)
	if err != nil || !(least > 0 && least <= 1) {
		return 0, false, fmt.Errorf("%q is no score; write a number above 0 and at most 1 such as 0.9, or certified", clip(c.Accept))
	}
	return least, false, nil
}

func (c *Cascade) refs() []ref {
	refs := []ref{{field: "cascade.cheap", name: c.Cheap}, {field: "cascade.strong", name: c.Strong}}
	if j := c.Verify.Judge; j != nil {
		refs = append(refs, ref{field: "cascade.verify.judge.model", name: j.Model, silent: true})
	}
	return refs
}

func (c *Cascade) check(d *decoder, path string, tasks map[string]Task) {
	if c.Cheap == c.Strong && c.Cheap != "" {
		d.fail(path+".strong", "is the same model as cheap")
	}
	ways := c.Verify.ways()
	if len(ways) > 1 {
		d.fail(path+".verify", "has %s; an answer is scored in exactly one way", quoted(ways))
	}
	if len(ways) == 1 {
		c.checkAccept(d, path, cmp.Or(c.Verify.By, ways[0]))
	}
	c.Verify.check(d, path+".verify", tasks)
	for key, share := range map[string]float64{"agreement": c.Agreement, "confidence": c.Confidence} {
		if share <= 0 || share >= 1 {
			d.fail(join(path, key), "%v is not between 0 and 1; write a share such as 0.95", share)
		}
	}
	if c.Timeout <= 0 {
		d.fail(path+".timeout", "must be above zero")
	}
}

func (c *Cascade) checkAccept(d *decoder, path, way string) {
	_, certified, err := c.Threshold()
	switch {
	case !certified && c.Verify.By == VerifyLearned:
		d.fail(path+".accept", "what a learned score is worth is found out by retort tune; write certified")
	case c.Accept == "" && err != nil:
		d.fail(path+".accept", "is missing; write the least %s that will do such as 0.9, or certified", way)
	case err != nil:
		d.fail(path+".accept", "%v", err)
	case !certified && c.Accept != "" && c.Verify.tests():
		d.fail(path+".accept", "%s passes or fails, so there is no score to choose; leave accept out, or write certified", way)
	}
}

// check notes rubrics that are none.
func (j *Judge) check(d *decoder, path string) {
	for i, rubric := range j.Rubrics {
		if strings.TrimSpace(rubric) == "" {
			d.fail(index(path+".rubrics", i), "is empty; say what makes an answer good, or leave it out")
		} else if rubric == j.Rubric || slices.Index(j.Rubrics, rubric) < i {
			d.fail(index(path+".rubrics", i), "is given twice; leave one out")
		}
	}
}

func (v *Verify) check(d *decoder, path string, tasks map[string]Task) {
	if v.Judge != nil {
		v.Judge.check(d, path+".judge")
	}
	if _, err := regexp.Compile(v.Match); err != nil {
		d.fail(path+".match", "%v", err)
	}
	if c := v.Command; c != nil {
		if len(c.Run) > 0 && c.Run[0] == "" {
			d.fail(index(path+".command.run", 0), "the name of the program is empty")
		}
		if c.Concurrent < 1 {
			d.fail(path+".command.concurrent", "must be above zero")
		}
	}
	if s := v.Samples; s != nil {
		if s.Count < 1 || s.Count > 100 {
			d.fail(path+".samples.count", "%d is not from 1 to 100", s.Count)
		}
		if s.Temperature <= 0 || s.Temperature > 2 {
			d.fail(path+".samples.temperature", "%v is not above 0 and at most 2", s.Temperature)
		}
		if _, ok := tasks[s.Task]; s.Task != "" && !ok {
			d.fail(path+".samples.task", "no task named %q", clip(s.Task))
		}
	}
}
