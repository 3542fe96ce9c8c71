// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import "retort/model"

// Instant is a Server some of whose requests need no model to be answered, such as the wish of Ollama's clients that a
// model be loaded.
type Instant interface {
	// Instant returns the answer to req, which is for a model that exists; nil when the model must be asked.
	Instant(req *model.Request) *model.Response
}
