// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package config reads Retort's configuration: one strict YAML file.
//
// Strict means that every key must be known: a misspelt one is an error that says where it stands and what was probably
// meant. All mistakes of a file are reported at once, each with file, line, column and the path of the field. The
// environment is used only where the file says so: ${NAME} stands for a variable, alone or inside a string, and is
// replaced after the file has been parsed, so that a value can never become structure; $${ stands for a plain ${.
// Secrets must be references and are never printed.
//
// The structs below, with their tags, are the only description of the file: decoding, defaults, the canonical form and
// the JSON Schema all come from them.
package config

// Config is a configuration. It is not changed after Parse has returned it and is safe for concurrent use.
type Config struct {
	Listen    string              `yaml:"listen" default:"127.0.0.1:8080" doc:"Address of the gateway, host:port."`
	Data      string              `yaml:"data" default:"./retort-data" doc:"Folder of traces, students and keys; relative to this file."`
	Providers map[string]Provider `yaml:"providers" doc:"Upstream accounts and servers, by name."`
	Models    map[string]Model    `yaml:"models" doc:"Models that clients can ask for, by name."`
	Tasks     map[string]Task     `yaml:"tasks" doc:"Contracts that students learn, by name; a task is called like a model."`
	Limits    Limits              `yaml:"limits" doc:"What the gateway accepts from clients."`
	Capture   Capture             `yaml:"capture" doc:"How answered requests are recorded."`

	written map[string]string                 // by path: text as it stands in the file, where the value is another
	mistake func(path, message string) *Error // with its place in the file
}

// Capture says how traces are kept.
type Capture struct {
	Content      bool     `yaml:"content" default:"true" doc:"Keep the text of requests and answers; usage and cost are always kept. Without it nothing can be distilled from traffic."`
	SyncEvery    Duration `yaml:"sync_every" default:"1s" doc:"How often traces are forced to disk: what a power failure may lose. A killed process loses nothing."`
	SegmentBytes Size     `yaml:"segment_bytes" default:"64MiB" doc:"Size at which a capture file is closed and the next one begun."`
}

// Limits are what the gateway accepts from clients, so that no client can exhaust it.
type Limits struct {
	MaxBody           Size     `yaml:"max_body" default:"32MiB" doc:"Largest request body."`
	MaxHeader         Size     `yaml:"max_header" default:"64KiB" doc:"Largest request header."`
	ReadHeaderTimeout Duration `yaml:"read_header_timeout" default:"10s" doc:"Longest time a client may take to send a request's header."`
	ReadTimeout       Duration `yaml:"read_timeout" default:"60s" doc:"Longest time a client may take to send a request's body."`
	WriteTimeout      Duration `yaml:"write_timeout" default:"60s" doc:"Longest time a client may leave an answer unread."`
	IdleTimeout       Duration `yaml:"idle_timeout" default:"2m" doc:"How long an idle connection is kept."`
	DrainTimeout      Duration `yaml:"drain_timeout" default:"30s" doc:"How long running requests may go on when the gateway stops."`
}
