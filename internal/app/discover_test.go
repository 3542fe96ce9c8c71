// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"retort/dataset"
	"retort/eval/certify"
	"retort/internal/capture"
	"retort/internal/config"
	"retort/internal/sample"
	"retort/internal/store"
	"retort/model"
	"retort/task/discover"
)

const discoverConfig = `data: ./data # kept
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 5, output: 25}}
  desk-messages: {provider: up}
tasks:
  known: {output: {enum: [a, b]}, teacher: large}
`

// recordPrompts puts answered calls into an App's traces, a minute after each other.
func recordPrompts(t *testing.T, a *App, to string, cost model.Money, contents []*model.Content, answers []string) {
	t.Helper()
	log, err := capture.Open(store.TracesDir(a.store.Dir()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range contents {
		body, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		trace := &model.Trace{ID: fmt.Sprintf("%s-%d", to, i), Tenant: model.DefaultTenant, Model: to, Cost: cost, Duration: time.Second,
			Start: time.Date(2026, 5, 4, 0, i, 0, 0, time.UTC), Body: body, Response: model.Answer(to, answers[i])}
		if err := log.Record(t.Context(), trace); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// support are calls that the sample's teacher answered, behind a template.
func support(t *testing.T) (contents []*model.Content, answers []string) {
	t.Helper()
	messages, err := sample.Messages()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		contents = append(contents, model.Prompt("Desk messages come in all tempers.\n\nMessage: "+m.Input+"\nIntent:"))
		answers = append(answers, m.Answer)
	}
	return contents, answers
}

func TestDiscover(t *testing.T) {
	a := openFor(t, "http://127.0.0.1:1", discoverConfig)
	if _, err := a.Discover(t.Context(), DiscoverOptions{}); !errors.As(err, new(*noTrafficError)) {
		t.Errorf("without traffic: %v", err)
	}
	contents, answers := support(t)
	recordPrompts(t, a, "large", model.Dollar/1000, contents, answers)
	recordPrompts(t, a, "known", model.Dollar, contents[:60], answers[:60])
	found, err := a.Discover(t.Context(), DiscoverOptions{Goal: certify.Goal{Agreement: 0.9}})
	if err != nil {
		t.Fatal(err)
	}
	if found.Calls != len(contents) || found.Configured != 60 || len(found.Proposals) != 1 || len(found.Others) != 0 {
		t.Fatalf("found %+v", found)
	}
	p := found.Proposals[0]
	if p.Name != "desk-messages-come" || p.Model != "large" || p.Contract.Kind != discover.Labels || strings.Join(p.Contract.Labels, " ") != strings.Join(slices.Sorted(slices.Values(sample.Labels())), " ") {
		t.Errorf("proposed %+v", p)
	}
	if p.Coverage <= 0 || p.Certified < 0.9 || p.Saved <= 0 || p.Saves <= p.Saved {
		t.Errorf("covers %v, certified %v, saves %v, %v a month", p.Coverage, p.Certified, p.Saved, p.Saves)
	}
	if latest, err := a.Discover(t.Context(), DiscoverOptions{Limit: 40, Least: 41}); err != nil || latest.Calls != 40 || latest.Loose != 40 {
		t.Errorf("of the latest 40 calls: %+v, %v", latest, err)
	}

	folder := filepath.Join(t.TempDir(), "found")
	if err := WriteExamples(folder, found.Proposals); err != nil {
		t.Fatal(err)
	}
	set, err := dataset.ReadFile(p.File, dataset.Columns{})
	if err != nil || len(set.Examples) != p.Calls || set.Examples[0].Text == "" || !slices.Contains(sample.Labels(), set.Examples[0].Label) {
		t.Errorf("wrote %d examples of %d calls, %v", len(set.Examples), p.Calls, err)
	}

	file := filepath.Join(t.TempDir(), "retort.yaml")
	text := strings.ReplaceAll(discoverConfig, "URL", "http://127.0.0.1:1")
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o640), os.Chmod(file, 0o640)); err != nil { // whatever the umask
		t.Fatal(err)
	}
	if err := WriteTasks(file, found.Proposals, os.LookupEnv); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	written := c.Tasks[p.Name]
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode became %v, %v", info.Mode(), err)
	}
	if written.Teacher.Lead() != "large" || len(written.Output.Enum) != len(sample.Labels()) || !strings.Contains(written.Instructions, "all tempers") || c.Tasks["known"].Output.Enum == nil {
		t.Errorf("wrote %+v", written)
	}
	before, _ := os.ReadFile(file)
	if err := WriteTasks(file, found.Proposals, os.LookupEnv); err == nil {
		t.Error("the same task was added twice")
	}
	if after, _ := os.ReadFile(file); string(after) != string(before) {
		t.Error("a file that could not be added to was changed")
	}
	if err := WriteTasks(file, nil, os.LookupEnv); !errors.Is(err, errNoDraft) {
		t.Errorf("nothing to write: %v", err)
	}
}

func TestDiscoverLeavesOut(t *testing.T) {
	a := openFor(t, "http://127.0.0.1:1", discoverConfig)
	contents, answers := support(t)
	recordPrompts(t, a, "gone", model.Dollar/1000, contents, answers)
	found, err := a.Discover(t.Context(), DiscoverOptions{})
	if err != nil || len(found.Proposals) != 0 || len(found.Others) != 1 || !strings.Contains(found.Others[0].Why, "none of the models") {
		t.Errorf("calls to a model that is not configured: %+v, %v", found, err)
	}
	var images []*model.Content
	for range 60 {
		c := *contents[0]
		c.Messages = []model.Message{{Role: model.User, Blocks: []model.Block{{Kind: model.TextBlock, Text: "What is it?"}, {Kind: model.ImageBlock, Media: &model.Media{URL: "https://example.org/x.png"}}}}}
		images = append(images, &c)
	}
	recordPrompts(t, a, "large", 0, images, answers[:60])
	found, err = a.Discover(t.Context(), DiscoverOptions{bytes: 10_000})
	if err != nil || found.Unread != 60 || found.Older == 0 || found.Calls+found.Older != len(contents) {
		t.Errorf("images, and more text than fits: %+v, %v", found, err)
	}
}

// A file of examples is replaced whole: who reads the one before reads all of it.
func TestExamplesAreReplacedWhole(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("open files are not replaced there")
	}
	folder := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := WriteExamples(folder, []*Proposal{{Name: "desk", examples: []dataset.Example{{Text: text, Label: "refund"}}}}); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	path := filepath.Join(folder, "desk.jsonl")
	before, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	write("second")
	for want, r := range map[string]io.Reader{"first": before, "second": nil} {
		text, err := os.ReadFile(path)
		if r != nil {
			text, err = io.ReadAll(r)
		}
		if err != nil || string(text) != `{"label":"refund","text":"`+want+"\"}\n" {
			t.Errorf("got %q, %v, want %s", text, err, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read what clients wrote: %v, %v", info.Mode(), err)
	}
}
