// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

// The dialects that a provider can have.
const (
	DialectOpenAI    = "openai"    // OpenAI Chat Completions over HTTP
	DialectResponses = "responses" // OpenAI Responses
	DialectAnthropic = "anthropic" // Anthropic Messages
	DialectGemini    = "gemini"    // Gemini generateContent
	DialectOllama    = "ollama"    // Ollama's own API
	DialectBedrock   = "bedrock"   // Amazon Bedrock's Converse
	DialectReplay    = "replay"    // answers from a recording
)

// dialects are those, in the order in which people are told.
var dialects = []string{DialectOpenAI, DialectResponses, DialectAnthropic, DialectGemini, DialectOllama, DialectBedrock, DialectReplay}

// Provider is one upstream: an account with a vendor, a local server, or a recording. After Parse, one with a preset has
// all that follows from it: dialect, address, way to authorise and key.
type Provider struct {
	Preset       string       `yaml:"preset" enum:"@presets" doc:"A vendor or kind of server that Retort knows: gives dialect, base_url and, from the usual variable of the environment, api_key, each of which may still be written."`
	Dialect      string       `yaml:"dialect" enum:"openai,responses,anthropic,gemini,ollama,bedrock,replay" doc:"Wire format; the preset's usual one when left out. replay is a recording."`
	BaseURL      string       `yaml:"base_url" doc:"Where the upstream's API begins, such as https://api.openai.com/v1; the preset's when left out."`
	APIKey       Secret       `yaml:"api_key" doc:"Credential, as a reference to the environment such as ${OPENAI_API_KEY}; with a preset, its usual variable when left out and set."`
	Auth         string       `yaml:"auth" enum:"key,bearer,api-key,aws,google" doc:"How requests are authorised: by the key where the dialect puts it (key), as bearer token (bearer) or in the header api-key (api-key), by AWS's signature (aws), by Google's access tokens (google); the preset's usual way when left out, else key."`
	Resource     string       `yaml:"resource" doc:"Part of the address of azure: the resource's name."`
	Region       string       `yaml:"region" doc:"Part of the address of bedrock, and of AWS's signature; AWS_REGION when left out with a preset that needs it."`
	Project      string       `yaml:"project" doc:"Part of the address of vertex: the project; GOOGLE_CLOUD_PROJECT when left out."`
	Location     string       `yaml:"location" doc:"Part of the address of vertex: a region, or global; GOOGLE_CLOUD_LOCATION, else global, when left out."`
	APIVersion   string       `yaml:"api_version" doc:"Version of the API to ask for: Azure's api-version, or Anthropic's."`
	AccessKeyID  Secret       `yaml:"access_key_id" doc:"auth aws: id of the access key; what AWS's own tools would find when left out."`
	SecretKey    Secret       `yaml:"secret_access_key" doc:"auth aws: the secret that goes with access_key_id."`
	SessionToken Secret       `yaml:"session_token" doc:"auth aws: the token of temporary credentials."`
	Profile      string       `yaml:"profile" doc:"auth aws: profile of ~/.aws; AWS_PROFILE, or the default one, when left out."`
	Credentials  string       `yaml:"credentials" doc:"auth google: file of credentials, such as a service account's key, relative to this file; the application default credentials when left out."`
	Timeouts     Timeouts     `yaml:"timeouts" doc:"How long to wait for the upstream."`
	StreamUsage  *bool        `yaml:"stream_usage" default:"true" doc:"Ask for the usage of streamed answers; false for servers that refuse stream_options, whose streams then count no tokens."`
	MaxAnswer    *Size        `yaml:"max_answer" default:"16MiB" doc:"Largest event of a streamed answer, and largest other answer."`
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
