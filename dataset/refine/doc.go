// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package refine has the steps that make examples fit to learn from. Each is a [dataset.Step] of its own that tells what it
// took out, changed or flagged, and why; each can be left out; each is deterministic. A [Plan] says which are done, and always
// in this order:
//
//	corrections     what people said is right takes the place of what teachers said of the same text
//	contradictions  a text with several labels keeps the one most rows give, or none when they tie
//	duplicates      texts that are the same to a reader become one
//	leakage         what is nearly the same as a text of the eval examples is taken out
//	near            of texts that are nearly the same the first is kept
//	language        texts in another language than nearly all others
//	length          texts far longer or shorter than nearly all others
//	errors          labels that are probably wrong, by confident learning
//	balance         no label has more than so many examples
//	private         personal data and secrets: listed, by kind, and never shown, or masked
//
// The order is one of need: what is the same must have one label before copies are merged, and what looks for outliers must not
// see copies. Masking comes last, so that the steps compare texts as they were. By default the steps that would change what the examples are a sample of (near, language, length, errors, balance)
// only list what they find: nobody's traffic becomes easier because its training examples did. Eval examples are never taken out by any step.
//
// Reports say where examples came from and hold no texts, which may have what nobody should see.
package refine
