// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package server is Retort's HTTP surface: the routes of the dialects, feedback, experiments, health and metrics. Dialects say where
// their clients ask and for what (an answer, vectors, a count of tokens, the list of models); whatever goes wrong is said
// in the dialect of the path, and at a path that there is not in that of the nearest.
//
// Each request works on one Snapshot of the configuration, taken without a lock; Server.Swap replaces it while
// requests are being answered. Whatever answers is a model.Model: the server knows no provider and no store, only
// small interfaces that the wiring fills in.
//
// The path of a request: key, body (read to its end before anything is sent on), the dialect's scan, the model, and
// its parts written as they come. Every answer says who gave it (Retort-Model), under which id it is recorded
// (Retort-Trace, and where the clients of the dialect look for the id of a request), what it cost in US dollars
// (Retort-Cost, a trailer when streaming), what was left out
// (Retort-Dropped) and whether it came from a cache (Retort-Cache); a count of tokens says whether it is an estimate
// (Retort-Estimated).
package server
