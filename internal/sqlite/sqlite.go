// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package sqlite names databases for the SQLite driver.
package sqlite

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Patience is how long a process waits for others that use a database.
const Patience = 5 * time.Second

// DSN returns the driver's name for the database at path; transactions take the write lock when they begin. Pragmas are
// set on each connection, as in "synchronous(FULL)".
func DSN(path string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if filepath.IsAbs(path) && !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/… on Windows
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", Patience.Milliseconds())}, pragmas...)}
	u := url.URL{Path: path}
	return "file:" + u.EscapedPath() + "?" + q.Encode()
}
