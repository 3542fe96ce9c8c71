// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package dialecttest holds the dialects against what they say of themselves: the capability table is true in every
// row, what the table calls native survives decoding and encoding, what two dialects share survives the way through
// both and back, and streams arrive as they were sent, however the network cuts them.
//
// It has tests alone. A new dialect is tested by being listed in package all.
package dialecttest
