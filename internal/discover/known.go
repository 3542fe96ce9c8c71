// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"retort/provider/preset"
)

// vendors returns the vendors and clouds whose key is in the environment and whose address can be told from it, and what
// is missing of others whose address cannot.
func vendors(env Env) (found []Server, halves []string) {
	for _, p := range preset.All() {
		if p.Port != 0 {
			continue
		}
		switch s, err := vendor(env, &p); {
		case err != nil:
			halves = append(halves, fmt.Sprintf("%s: %s is set, but %v", p.Title, s.Variable, err))
		case s.Variable != "":
			found = append(found, s)
		}
	}
	return found, halves
}

// vendor returns a vendor, without a Variable when there is no credential for it. The error says what its address lacks.
func vendor(env Env, p *preset.Preset) (Server, error) {
	s := Server{Name: p.Name, Preset: p.Name, Title: p.Title, Variable: first(env, p.Keys)}
	if s.Variable == "" {
		s.Variable = cloudCredential(env, p.Auth)
	}
	if s.Variable == "" || alike(p.Name) {
		return Server{}, nil
	}
	fields := map[string]string{}
	for _, f := range p.Needs {
		if name := first(env, f.Vars); name != "" {
			fields[f.Name], _ = env(name)
		}
	}
	if base, ok := env(p.BaseIn); ok && p.BaseIn != "" && base != "" {
		s.BaseURL = strings.TrimRight(base, "/")
		return s, nil
	}
	if endpoint, ok := env("AZURE_OPENAI_ENDPOINT"); ok && endpoint != "" && p.Name == "azure" {
		s.BaseURL = strings.TrimRight(endpoint, "/") + "/openai/v1"
		return s, nil
	}
	for _, f := range p.Needs {
		if fields[f.Name] == "" && f.Default == "" {
			return s, fmt.Errorf("its %s is not known; set %s", f.Name, f.Vars[0])
		}
	}
	_, err := p.BaseURL(p.Dialect(), fields)
	return s, err
}

// alike says whether a preset is another's account in another dialect: one of the two is enough to begin with.
func alike(name string) bool { return name == "bedrock-anthropic" || name == "vertex-anthropic" }

// cloudCredential returns the variable that says that there are credentials of a cloud, besides keys.
func cloudCredential(env Env, auth string) string {
	switch auth {
	case preset.AuthAWS:
		return first(env, []string{"AWS_ACCESS_KEY_ID", "AWS_PROFILE"})
	case preset.AuthGoogle:
		return first(env, []string{"GOOGLE_APPLICATION_CREDENTIALS"})
	}
	return ""
}

// first returns the first of the variables that is set.
func first(env Env, names []string) string {
	for _, name := range names {
		if value, ok := env(name); ok && strings.TrimSpace(value) != "" {
			return name
		}
	}
	return ""
}

// locals returns the servers that people run on this machine, where they usually listen.
func locals(env Env) []Server {
	var all []Server
	for _, p := range preset.All() {
		if p.Port == 0 {
			continue
		}
		address := "127.0.0.1:" + strconv.Itoa(p.Port)
		if host, ok := env("OLLAMA_HOST"); ok && p.Name == "ollama" {
			address = ollamaAddress(host, address)
		}
		all = append(all, Server{Name: p.Name, Preset: p.Name, Title: p.Title, address: address})
	}
	return all
}

// ollamaAddress reads OLLAMA_HOST, which says where Ollama listens: a host with or without scheme and port. An address
// that is not of this machine is not asked.
func ollamaAddress(host, usual string) string {
	host = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(host, "http://"), "https://"), "/")
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, "11434"
	}
	if ip := net.ParseIP(name); name == "localhost" || name == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return usual
}

// place writes the base URL of a server on this machine, unless it is where its preset says.
func (s *Server) place() {
	p, ok := preset.Named(s.Preset)
	if !ok {
		return
	}
	usual, err := p.BaseURL(p.Dialect(), nil)
	if err != nil {
		return
	}
	path := ""
	if rest, ok := strings.CutPrefix(usual, "http://127.0.0.1:"+strconv.Itoa(p.Port)); ok {
		path = rest
	}
	if base := "http://" + s.address + path; base != usual {
		s.BaseURL = base
	}
}
