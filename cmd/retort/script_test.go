// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"retort/internal/cli"
)

// TestMain lets the test binary be retort itself: scripts run it as a command, and other tests start it as a process
// that they can kill.
func TestMain(m *testing.M) {
	if os.Getenv("RETORT_TEST_MAIN") != "" {
		os.Exit(cli.Main())
	}
	testscript.Main(m, map[string]func(){"retort": func() { os.Exit(cli.Main()) }})
}

// TestScripts runs the command line as its users do: one file of testdata/script for each behaviour. With
// UPDATE_SCRIPTS=1 the expected outputs are written anew. $EXAMPLES is the repository's folder of that name, $JUDGE the address of
// a model that judges.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	judge := judgeServer(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("JUDGE", judge)
			return nil
		},
	})
}
