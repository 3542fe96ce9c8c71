// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"testing"

	"retort/model"
	"retort/model/modeltest"
)

// What a configuration builds keeps the contract of a Model, by whatever names it is made of each other.
func TestConformance(t *testing.T) {
	const all = `providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  a: {provider: up}
  b: {provider: up}
  c: {provider: up}
  steady: {fallback: [a, b]}
  pool: {balance: {among: [a, steady]}}
  quick: {hedge: {model: a, with: b, after: 1s}}
  test: {split: {by: conversation, arms: {a: 0.5, b: 0.5}}}
  ruled: {route: {rules: [{when: tokens > 5, use: a}, b]}}
  auto: {route: {among: [a, b], by: learned, quality: 1}}
  checked: {cascade: {cheap: a, strong: b, verify: {match: a}}}
  proven: {cascade: {cheap: a, strong: b, verify: learned, accept: certified, agreement: 0.9}}
  panel: {ensemble: {vote: {of: [a, b, c]}}}
  ranked: {ensemble: {best_of: {of: [a, b], by: learned}}}
  fused: {ensemble: {fuse: {of: [a, b], aggregator: c}}}
  watched: {shadow: {model: a, copy_to: b, at_most: 1000/s}}
  kept: {cache: {of: steady}}
  few: {limit: {of: a, concurrent: 100}}
tasks:
  desk: {output: {enum: [I am a., I am b.]}, teacher: steady}
`
	for _, name := range open(t, all).Names() {
		t.Run(name, func(t *testing.T) {
			modeltest.Run(t, func(t *testing.T) model.Model {
				m, err := open(t, all).Model(name)
				if err != nil {
					t.Fatal(err)
				}
				return m
			})
		})
	}
}
