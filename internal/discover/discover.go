// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package discover finds what a new configuration can be made of: API keys in the environment and model servers that
// answer on this machine. It checks each with one real call and writes a commented configuration file from what works.
// A key is only ever named, never written or printed.
package discover

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Env looks up a variable of the environment, as os.LookupEnv does.
type Env func(name string) (value string, ok bool)

// Findings is what was found. Find fills it, Check tries it, YAML writes it.
type Findings struct {
	Servers []Server // vendors whose key is set, then servers on this machine
	Halves  []string // of clouds that there are credentials for, but no address: what is missing, for people
}

// Server is one upstream that may answer.
type Server struct {
	Name     string        // for the configuration, such as "openai" or "ollama"
	Preset   string        // of the configuration; empty: any server that speaks OpenAI's Chat Completions
	Title    string        // for people, such as "OpenAI" or "Ollama"
	BaseURL  string        // where its API begins; empty: where the preset says
	Variable string        // of the environment, which holds its credential; empty for a server on this machine
	Models   []string      // that it serves and that chat, the ones to try first in front
	Model    string        // the one that answered the check
	Took     time.Duration // by that answer
	Err      error         // why none did, once checked

	address string // where it listens, on this machine
}

// Works reports whether a checked server answered.
func (s *Server) Works() bool { return s.Model != "" }

// Works reports whether any of the checked servers answered.
func (f *Findings) Works() bool {
	return slices.ContainsFunc(f.Servers, func(s Server) bool { return s.Works() })
}

// Trouble says of a server that did not answer why it was asked, and in lines what came of it.
func (s *Server) Trouble() string { return s.where() + ", but a call failed:\n" + reasonOf(s.Err) }

// where says why there is reason to think that the server can be asked.
func (s *Server) where() string {
	if s.Variable != "" {
		return s.Variable + " is set"
	}
	return "answers on this machine"
}

// probeTime is how long a server on this machine may take to list its models.
const probeTime = 300 * time.Millisecond

// Find looks for keys in the environment and for servers on this machine. It calls this machine alone, with client, and
// takes no longer than a server there may take to list its models.
func Find(ctx context.Context, env Env, client *http.Client) *Findings {
	servers, halves := vendors(env)
	return &Findings{Servers: append(servers, findLocal(ctx, locals(env), client)...), Halves: halves}
}

// findLocal returns the servers that list models, in the order given.
func findLocal(ctx context.Context, candidates []Server, client *http.Client) []Server {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	found := make([]Server, len(candidates))
	var all sync.WaitGroup
	for i, s := range candidates {
		all.Go(func() {
			if listed, err := list(ctx, client, "http://"+s.address+"/v1"); err == nil {
				found[i] = listed.describe(s)
				found[i].place()
			}
		})
	}
	all.Wait()
	var servers []Server
	for _, s := range found {
		if len(s.Models) > 0 {
			servers = append(servers, s)
		}
	}
	return servers
}
