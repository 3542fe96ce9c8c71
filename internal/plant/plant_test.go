// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"retort/eval/certify"
	"retort/internal/config"
	"retort/model"
	"retort/student"
	"retort/tune"
)

// open builds a configuration; URL in it is a server of OpenAI's dialect whose models say their own names.
func open(t *testing.T, text string) *Plant {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Model string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id": "x", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
			"message": {"role": "assistant", "content": "I am %s."}}], "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}}`, asked.Model)
	}))
	t.Cleanup(s.Close)
	cfg, err := config.Parse("retort.yaml", []byte(strings.ReplaceAll(text, "URL", s.URL)), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// ask puts a text to a model and returns who answered.
func ask(t *testing.T, p *Plant, name, text string) string {
	t.Helper()
	m, err := p.Model(name)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := m.Generate(t.Context(), model.NewRequest(name, model.Prompt(text)), model.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Model
}

// fitted is a tuning of a blend on outcomes, one a line.
func fitted(t *testing.T, blend Tunable, outcomes string) *Tuning {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outcomes.jsonl")
	if err := os.WriteFile(path, []byte(outcomes), 0o600); err != nil {
		t.Fatal(err)
	}
	fitter, parts := blend.Fitter()
	records, err := tune.ReadFile(path, parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := fitter.Fit(t.Context(), &tune.Job{Models: parts, Records: records, Progress: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	return &Tuning{ID: "x1", Kind: fitter.Kind(), File: file}
}

// gathered returns the value of each metric of a plant, by its name and the values of its labels.
func gathered(t *testing.T, p *Plant) map[string]float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(Collectors(func() *Plant { return p })...)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			name := f.GetName()
			labels := map[string]string{}
			for _, l := range m.Label {
				labels[l.GetName()] = l.GetValue()
			}
			for _, key := range []string{"model", "outcome"} {
				name += " " + labels[key]
			}
			out[name] = m.GetCounter().GetValue()
		}
	}
	return out
}

// sure is a student that answers everything with "I am no.", as its certificate lets it.
type sure struct{ student.Any }

func (sure) Notice(string) (answer string, score float64, novel bool) { return "I am no.", 1, false }

func (sure) Card() student.Card {
	return student.Card{Certificate: &certify.Certificate{Status: certify.Certified, Threshold: 0.5, Target: 0.9}}
}
