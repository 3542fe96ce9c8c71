// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"retort/bench/internal/rig"
	"retort/internal/scripted"
)

// upstream is a scripted server behind the gateway.
type upstream struct {
	dialect string
	server  *scripted.Server
	http    *http.Server
	base    string
}

// model returns the name under which the gateway serves it. It begins like a name that coding agents know.
func (u *upstream) model() string { return "retort-" + u.dialect }

// bench is what all tries share.
type bench struct {
	options
	tools     *tools
	folder    string
	upstreams []*upstream
	gateway   *rig.Gateway
	key       string
	gosdk     string // the binary that drives the Go SDKs
	received  *os.File
}

// start starts the upstreams and a gateway in front of them.
func (b *bench) start(ctx context.Context) error {
	if err := os.Setenv("RETORT_UPSTREAM_KEY", "of-no-worth"); err != nil {
		return err
	}
	retort, err := rig.Build(ctx, b.binary, b.folder)
	if err != nil {
		return err
	}
	b.gosdk = filepath.Join(b.folder, "gosdk")
	if err := rig.Compile(ctx, ".", b.gosdk, "./bench/clients/gosdk"); err != nil {
		return err
	}
	if b.received, err = os.Create(filepath.Join(b.folder, "received.jsonl")); err != nil {
		return err
	}
	for dialect := range strings.SplitSeq(b.options.upstreams, ",") {
		u, err := listen(dialect)
		if err != nil {
			return err
		}
		b.upstreams = append(b.upstreams, u)
	}
	address, err := rig.FreeAddress()
	if err != nil {
		return err
	}
	config, err := retort.File("retort.yaml", b.config())
	if err != nil {
		return err
	}
	if b.key, err = retort.CreateKey(ctx, config); err != nil {
		return err
	}
	b.gateway, err = retort.Serve(ctx, config, address)
	return err
}

func listen(dialect string) (*upstream, error) {
	s, err := scripted.New(dialect)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &upstream{dialect: dialect, server: s, http: &http.Server{Handler: s}, base: "http://" + l.Addr().String()}
	go u.http.Serve(l) // ends with stop
	return u, nil
}

// named are the models that the upstreams stand for: dialects mind what a vendor's models can do.
var named = map[string]string{"openai": "gpt-5-mini", "responses": "gpt-5-mini", "anthropic": "claude-sonnet-4-5",
	"gemini": "gemini-3-pro-preview", "ollama": "qwen3:8b", "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0"}

func (b *bench) config() []byte {
	var c bytes.Buffer
	c.WriteString("data: ./data\nproviders:\n")
	for _, u := range b.upstreams {
		base := u.base
		switch u.dialect {
		case "openai", "responses":
			base += "/v1"
		case "gemini":
			base += "/v1beta"
		}
		fmt.Fprintf(&c, "  %s: {dialect: %s, base_url: %q, api_key: ${RETORT_UPSTREAM_KEY}}\n", u.dialect, u.dialect, base)
	}
	c.WriteString("models:\n")
	for _, u := range b.upstreams {
		fmt.Fprintf(&c, "  %s: {provider: %s, name: %q}\n", u.model(), u.dialect, named[u.dialect])
	}
	return c.Bytes()
}

func (b *bench) stop() {
	if b.gateway != nil {
		b.gateway.Kill()
	}
	for _, u := range b.upstreams {
		u.http.Close() // all that it served is over
	}
	b.received.Close()
}

// try runs one client against one upstream.
func (b *bench) try(ctx context.Context, c client, up *upstream) outcome {
	start := time.Now()
	d := outcome{Client: c.name, Version: b.tools.version(c), Speaks: c.speaks, Upstream: up.dialect}
	up.server.Received()
	ctx, stop := context.WithTimeout(ctx, b.timeout)
	defer stop()
	var err error
	if c.agent != nil {
		d.Parts, err = b.agent(ctx, c, up)
	} else {
		d.Parts, err = b.script(ctx, c, up)
	}
	if err != nil {
		d.Failed = err.Error()
	}
	asked := up.server.Received()
	for _, r := range asked {
		for _, f := range r.Faults {
			d.Faults = append(d.Faults, r.Path+": "+f)
		}
		line, err := json.Marshal(struct {
			Client string `json:"client"`
			scripted.Received
		}{c.name, r})
		if err == nil {
			b.received.Write(append(line, '\n'))
		}
	}
	if len(asked) == 0 && d.Failed == "" {
		d.Failed = "the upstream was never asked"
	}
	d.OK = d.Failed == "" && len(d.Faults) == 0
	d.Seconds = time.Since(start).Round(100 * time.Millisecond).Seconds()
	return d
}

// script runs a client's script.
func (b *bench) script(ctx context.Context, c client, up *upstream) ([]string, error) {
	cached := "yes"
	if up.dialect == "ollama" { // which says nothing of a cache
		cached = "no"
	}
	memory := "yes"
	if up.dialect == c.speaks { // conversations are the upstream's, which keeps none
		memory = "no"
	}
	var command []string
	switch folder, _ := filepath.Abs(filepath.Join("bench", "clients")); {
	case c.script == "gosdk":
		command = []string{b.gosdk}
	case strings.HasPrefix(c.script, "py/"):
		command = []string{b.tools.python, filepath.Join(folder, filepath.FromSlash(c.script))}
	default: // modules are found beside the script
		if err := copyScripts(filepath.Join(folder, "js"), filepath.Join(b.tools.folder, "js")); err != nil {
			return nil, err
		}
		command = []string{filepath.Join(b.tools.node, "node"), filepath.Join(b.tools.folder, filepath.FromSlash(c.script))}
	}
	out, err := b.command(ctx, append(command, c.args...), b.folder, "RETORT_URL="+b.gateway.URL, "RETORT_MODEL="+up.model(),
		"RETORT_KEY="+b.key, "RETORT_CACHED="+cached, "RETORT_MEMORY="+memory)
	var parts []string
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		if name, ok := strings.CutPrefix(s.Text(), "ok "); ok {
			parts = append(parts, name)
		} else if name, ok := strings.CutPrefix(s.Text(), "failed "); ok {
			return parts, fmt.Errorf("in %s: %s", name, why(out))
		}
	}
	if err != nil {
		return parts, fmt.Errorf("%w: %s", err, why(out))
	}
	return parts, nil
}

// agent asks a coding agent to run a command, and looks whether the model was shown what it printed.
func (b *bench) agent(ctx context.Context, c client, up *upstream) ([]string, error) {
	home, err := os.MkdirTemp(b.folder, "home")
	if err != nil {
		return nil, err
	}
	work := filepath.Join(home, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	command, env, err := c.agent(home, b.gateway.URL, b.key, up.model())
	if err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, "git", "init", "-q", work).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("git init: %w: %s", err, out)
	}
	path := filepath.Join(b.tools.folder, "node_modules", ".bin", command[0])
	out, err := b.run(ctx, append([]string{path}, command[1:]...), work, b.tools.environment(home, env...))
	said := strings.Index(string(out), strings.TrimSuffix(scripted.Echo, " "))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %s", err, why(out))
	case said < 0:
		return nil, fmt.Errorf("it did not end with the model's last words: %s", why(out))
	case !strings.Contains(string(out[said:]), scripted.Probe):
		return nil, fmt.Errorf("the model was not shown what the command printed: %s", why(out))
	}
	return []string{"a turn with a command"}, nil
}

func (b *bench) command(ctx context.Context, command []string, dir string, env ...string) ([]byte, error) {
	return b.run(ctx, command, dir, b.tools.environment(b.folder, env...))
}

// run runs a command to its end and returns all it printed.
func (b *bench) run(ctx context.Context, command []string, dir string, env []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if b.verbose {
		os.Stderr.Write(out.Bytes())
	}
	return out.Bytes(), err
}

// why shortens what a program printed to the lines that tell most.
func why(out []byte) string {
	const most = 600
	text := strings.Join(strings.Fields(string(out)), " ")
	for _, mark := range []string{"AssertionError", "Error:", "error:"} {
		if i := strings.Index(text, mark); i >= 0 {
			text = text[i:]
			break
		}
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

func copyScripts(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}

// validate checks what the upstreams received against what the vendors publish.
func (b *bench) validate(ctx context.Context, s *summary) error {
	script, err := filepath.Abs(filepath.Join("bench", "clients", "py", "validate.py"))
	if err != nil {
		return err
	}
	out, err := b.command(ctx, []string{b.tools.python, script, b.received.Name()}, b.folder)
	if err != nil {
		return fmt.Errorf("check what the upstreams received: %w\n%s", err, out)
	}
	seen := map[string]bool{}
	for line := range bytes.Lines(out) {
		var v struct {
			Client, Upstream, Fault string
			Checked, Faults         int
		}
		if json.Unmarshal(line, &v) != nil {
			continue
		}
		if v.Fault == "" {
			s.Checked, s.Faults = v.Checked, v.Faults
			continue
		}
		if !seen[v.Upstream+v.Fault] {
			seen[v.Upstream+v.Fault] = true
			fmt.Fprintf(os.Stderr, "%s sent %s what its vendor does not describe: %s\n", v.Client, v.Upstream, v.Fault)
		}
		for i := range s.Outcomes {
			if d := &s.Outcomes[i]; d.Client == v.Client && d.Upstream == v.Upstream {
				d.Faults = append(d.Faults, v.Fault)
				d.OK = false
			}
		}
	}
	return nil
}
