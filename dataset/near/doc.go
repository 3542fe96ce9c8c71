// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package near finds texts that are nearly the same: pairs whose sets of shingles have at least a given Jaccard index.
//
// A shingle is a run of characters or of words of the text as a reader sees it: letters composed (Unicode NFC), lower
// case, each run of white space one blank. A text shorter than one shingle is a shingle itself.
//
// Each set is sketched (Dahlgaard, Knudsen and Thorup, "Fast Similarity Sketching", FOCS 2017: one-permutation hashing
// with as many more rounds as it takes to fill all bins). Bands of a sketch are looked up in hash tables (locality-sensitive
// hashing), which finds a pair with a probability that Options.Recall bounds from below. What is found is then compared
// for what it is, so that no pair below the threshold is ever returned, but for equal 64-bit hashes of unequal shingles.
//
// The same texts in the same order with the same Options have the same outcome.
package near
