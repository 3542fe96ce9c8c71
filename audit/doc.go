// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package audit looks for what a student inherited from its examples that it should not have: triggers, answers that hang on a
// name or a nationality, what it is judged by among what it learned, and teachers whose terms do not allow it.
//
// [Run] makes every check that there is data for. Each has a verdict: pass, fail, or inconclusive where too little is known; and
// inconclusive never promotes. Checks that are statistical tests fail only after Holm's correction over all of them. What was
// found is kept in the [Report] as evidence. The same student, data and options have the same report.
package audit
