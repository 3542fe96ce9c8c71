// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !race

package rule

const raceEnabled = false
