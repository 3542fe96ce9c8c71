// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"retort/dataset"
)

// measureMillion reads a file of many examples and keeps none, and reports the rows a second and the memory in use after it.
func measureMillion(ctx context.Context, b *bench) error {
	path := filepath.Join(b.folder, "million.csv")
	if err := writeMany(path, b.rows); err != nil {
		return err
	}
	start, n := time.Now(), 0
	if _, err := dataset.Scan(path, dataset.Columns{}, func(dataset.Example) error { n++; return ctx.Err() }); err != nil {
		return err
	}
	if n != b.rows {
		return fmt.Errorf("%d rows read, want %d", n, b.rows)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.Note("million_read", float64(n)/time.Since(start).Seconds(), "rows/s")
	b.Note("million_read_memory", float64(memory.Sys)/(1<<20), "MiB")
	return nil
}

// words make the texts of writeMany.
var words = []string{"card", "refund", "parcel", "late", "account", "payment", "please", "where", "why", "my", "the", "was", "is", "not", "yesterday",
	"charged", "twice", "help", "open", "close", "transfer", "cash", "machine", "pin", "blocked", "new", "address", "order", "invoice", "euro"}

// writeMany writes a table of n texts of about 60 bytes with 77 labels, the same at each run.
func writeMany(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "text,label")
	draw := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		for range 6 + draw.IntN(8) {
			fmt.Fprint(w, words[draw.IntN(len(words))], " ")
		}
		fmt.Fprintf(w, "%d,label_%d\n", i, draw.IntN(77))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
