// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package repotest holds the rules of the house as tests: which package may import which, that every package and every
// exported name is documented, how long a file may be, licences of the code and of all it links, and habits that are
// cheap to check. It has no code of its own.
package repotest
