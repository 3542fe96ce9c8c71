// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"math"
	"slices"
	"testing"
)

func TestPrefetchChangesNothing(t *testing.T) {
	array := []uint32{1, 2, 3}
	Prefetch(array, 1, []uint32{2, 0, 3, math.MaxUint32})
	Prefetch(array, 1<<20, []uint32{1, 2})
	Prefetch(array, 1, nil)
	Prefetch[int8](nil, 1, []uint32{1})
	if !slices.Equal(array, []uint32{1, 2, 3}) {
		t.Errorf("the array is %v", array)
	}
}
