// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

// The dialects that a provider can have.
const (
	DialectOpenAI = "openai" // OpenAI Chat Completions over HTTP
	DialectReplay = "replay" // answers from a recording
)

// Provider is one upstream: an account with a vendor, a local server, or a recording.
type Provider struct {
	Dialect      string       `yaml:"dialect" enum:"openai,replay" required:"true" doc:"Wire format, openai (any compatible server) or replay (a recording)."`
	BaseURL      string       `yaml:"base_url" doc:"Where the upstream's API begins, such as https://api.openai.com/v1."`
	APIKey       Secret       `yaml:"api_key" doc:"Credential, as a reference to the environment such as ${OPENAI_API_KEY}."`
	Timeouts     Timeouts     `yaml:"timeouts" doc:"How long to wait for the upstream."`
	StreamUsage  *bool        `yaml:"stream_usage" default:"true" doc:"Ask for the usage of streamed answers; false for servers that refuse stream_options, whose streams then count no tokens."`
	Retries      *int         `yaml:"retries" default:"2" doc:"How often a failed call is tried again before anything was answered."`
	Breaker      Breaker      `yaml:"breaker" doc:"When to stop calling an upstream that keeps failing."`
	File         string       `yaml:"file" doc:"replay: JSON lines of recorded answers; relative to this file."`
	Latency      string       `yaml:"latency" enum:"none,recorded" doc:"replay: answer at once (none, the default) or after the recorded time (recorded)."`
	Distillation Distillation `yaml:"distillation" doc:"Whether the terms allow learning from the answers; models may say otherwise."`
}

// Timeouts bound one call of an upstream. None may be zero.
type Timeouts struct {
	Connect   Duration `yaml:"connect" default:"10s" doc:"Until the connection stands."`
	FirstPart Duration `yaml:"first_part" default:"2m" doc:"Until the first part of the answer."`
	Idle      Duration `yaml:"idle" default:"1m" doc:"Between two parts of the answer."`
	Total     Duration `yaml:"total" default:"10m" doc:"For the whole call with all its retries."`
}

// Breaker is a circuit breaker: it opens when too large a share of the calls within a window failed, refuses calls for
// a while, then lets probes through.
type Breaker struct {
	Off         bool     `yaml:"disabled" doc:"Call the upstream however often it fails."`
	FailureRate float64  `yaml:"failure_rate" default:"0.5" doc:"Share of failed calls at which it opens, above 0 and at most 1."`
	Requests    int      `yaml:"requests" default:"20" doc:"Calls within the window before it may open."`
	Window      Duration `yaml:"window" default:"30s" doc:"Time over which calls are counted."`
	Cooldown    Duration `yaml:"cooldown" default:"10s" doc:"Time for which it stays open before a probe."`
}

// The states of a distillation policy.
const (
	DistillAllowed   = "allowed"
	DistillForbidden = "forbidden"
	DistillUnknown   = "unknown"
)

// Distillation is what the terms of a model's vendor or licence say about learning from its answers. After
// Parse, a model with a provider has the provider's policy where it gives none, and unknown where that gives none either.
type Distillation struct {
	Status string `yaml:"status" enum:"allowed,forbidden,unknown" doc:"allowed, forbidden or unknown."`
	Basis  string `yaml:"basis" doc:"What says so, such as a licence or a clause of the terms."`
	Source string `yaml:"source" doc:"Where to read it."`
}
