// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package kernel

import "unsafe"

// Prefetch has the processor bring array[i*step] nearer for every i of index, without waiting: a loop that then reads
// them meets memory that is on its way already. It changes nothing, and elements that the array does not have are no
// fault.
func Prefetch[T any](array []T, step int, index []uint32) {
	if len(array) == 0 || len(index) == 0 {
		return
	}
	prefetch(unsafe.Pointer(unsafe.SliceData(array)), step*int(unsafe.Sizeof(array[0])), &index[0], len(index))
}
