// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command retort mixes and matches AI models behind one endpoint and distils its own small ones from them.
// Run "retort --help", or "retort quickstart" to see all of it work in under a minute, offline.
package main

import (
	"os"

	"retort/internal/cli"
)

func main() { os.Exit(cli.Main()) }
