// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package datasets keeps versions of datasets in a data folder: what is known of each is a row of the store, its examples are a
// blob (the folder "blobs"). A version never changes. Its address is made of what a student learns from it, so equal ones have
// one address, and its blob holds of each example where it came from: the trace, or the file and row.
//
// A Shelf makes versions from files, traces and other versions, refines and divides them, and compares and removes them. What reads
// examples one after another (making, dividing, exporting, comparing) holds none of them in memory. Refining holds all of them, about
// 150 bytes each beside their texts, and what its steps need.
//
// Nothing is half there: a version exists once its row is committed, which is after its blob is durable. Refining can
// record its steps in a Journal, and goes on from there.
package datasets
