// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"retort/compose"
	"retort/model"
)

// Program is a command that looks at answers.
type Program struct {
	// Args are the program and its arguments. No shell reads them, and nothing of a request or answer becomes one.
	Args []string
	// Within is how long it may run; 0: 10 s.
	Within time.Duration
	// Concurrent is how many run at a time; others wait. 0: 4.
	Concurrent int
	// Environment are variables for it, as NAME=value. Of Retort's own it gets only PATH, HOME, USER, LANG, TMPDIR and what
	// Windows cannot do without, since keys stand in the others.
	Environment []string
}

// Command returns a verifier that runs a program: exit status 0 gives 1, any other 0. The program reads the answer's
// text from standard input and the request, as JSON of model.Content, from the file that RETORT_REQUEST names; it runs in an
// empty folder of its own, which is removed afterwards. What it prints is not kept. When it cannot be started, is killed by
// a signal or takes too long, there is an error; it is then killed with, on Unix, all that it started.
//
// The answer is text by a stranger: a program that executes it needs a sandbox of its own.
func Command(p Program) (compose.Verifier, error) {
	if len(p.Args) == 0 || p.Args[0] == "" {
		return nil, errors.New("no program is named")
	}
	path, err := exec.LookPath(p.Args[0])
	if err == nil {
		path, err = filepath.Abs(path) // it runs in another folder
	}
	if err != nil {
		return nil, fmt.Errorf("the program %q cannot be run: %w; give one that the PATH has, or its absolute path", p.Args[0], errors.Unwrap(err))
	}
	if p.Within <= 0 {
		p.Within = 10 * time.Second
	}
	if p.Concurrent <= 0 {
		p.Concurrent = 4
	}
	c := &command{Program: p, path: path, room: make(chan struct{}, p.Concurrent)}
	return each(c.score), nil
}

type command struct {
	Program
	path string
	room chan struct{}
}

func (c *command) score(ctx context.Context, req *model.Request, choice *model.Choice) (float64, error) {
	select {
	case c.room <- struct{}{}:
		defer func() { <-c.room }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, c.Within)
	defer cancel()
	folder, request, err := c.prepare(req)
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	defer os.RemoveAll(folder)
	return c.run(ctx, filepath.Join(folder, "work"), request, said(&choice.Message))
}

// prepare makes the folders and the file of a run.
func (c *command) prepare(req *model.Request) (folder, request string, err error) {
	content, err := req.Content()
	if err != nil {
		return "", "", err
	}
	text, err := json.Marshal(content)
	if err != nil {
		return "", "", err
	}
	if folder, err = os.MkdirTemp("", "retort-judge-*"); err != nil {
		return "", "", err
	}
	request = filepath.Join(folder, "request.json")
	if err = os.WriteFile(request, text, 0o600); err == nil {
		err = os.Mkdir(filepath.Join(folder, "work"), 0o700)
	}
	if err != nil {
		os.RemoveAll(folder)
	}
	return folder, request, err
}

func (c *command) run(ctx context.Context, folder, request, answer string) (float64, error) {
	cmd := exec.CommandContext(ctx, c.path, c.Args[1:]...)
	cmd.Dir, cmd.Stdin = folder, strings.NewReader(answer)
	cmd.Env = append(append(ownEnvironment(), c.Environment...), "RETORT_REQUEST="+request)
	cmd.WaitDelay = time.Second
	killTogether(cmd)
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("run %s: %w", c.Args[0], ctx.Err())
	case err == nil:
		return 1, nil
	case errors.As(err, &exit) && exit.Exited():
		return 0, nil
	}
	return 0, fmt.Errorf("run %s: %w", c.Args[0], err)
}

// ownEnvironment returns what a program may know of Retort's environment.
func ownEnvironment() []string {
	var out []string
	for _, name := range []string{"PATH", "HOME", "USER", "LANG", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP", "PATHEXT", "COMSPEC"} {
		if value, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+value)
		}
	}
	return out
}
