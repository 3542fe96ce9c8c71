// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import "os"

// reloadSignals make a serving process read its configuration again: Windows has none.
var reloadSignals []os.Signal
