// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package marked holds a sample of sentences written for it in which personal data and secrets are marked, and measures a finder by it. What
// is marked is made up: reserved names, numbers and addresses, test cards, and values with right check digits that nobody was
// given on purpose. A third of the sentences hold nothing private but look so.
//
// In the files of testdata each line is a sentence: [[kind:value]] marks a value, \n is a line's end, and a ~ parts values that are
// like live secrets, so that no scanner takes them for one; it is left out when they are read.
package marked

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"retort/dataset/private"
)

//go:embed testdata/*.txt
var files embed.FS

// Sentence is a text with what is private in it, in order.
type Sentence struct {
	Text  string
	Spans []private.Span
	File  string // its file's name without ending
	Test  bool   // of the half that judges; the other is the one to choose by
}

var mark = regexp.MustCompile(`(?s)\[\[([a-z_]+):(.+?)\]\]`)

// seen is the file of sentences that once judged and showed what the finder missed. Changed for them, it is not judged by them any more.
const seen = "seen"

// Sentences reads the sample. The halves are parted by the hash of each line, but for those that were seen.
func Sentences() ([]Sentence, error) {
	names, err := files.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	var all []Sentence
	for _, n := range names {
		content, err := files.ReadFile(path.Join("testdata", n.Name()))
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
			s, err := read(line)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", n.Name(), i+1, err)
			}
			s.File = strings.TrimSuffix(n.Name(), ".txt")
			s.Test = s.File != seen && sha256.Sum256([]byte(line))[0]%2 == 1
			all = append(all, s)
		}
	}
	return all, nil
}

// read takes the marks out of a line.
func read(line string) (Sentence, error) {
	line = strings.ReplaceAll(strings.ReplaceAll(line, "~", ""), `\n`, "\n")
	var s Sentence
	end := 0
	var text strings.Builder
	for _, m := range mark.FindAllStringSubmatchIndex(line, -1) {
		text.WriteString(line[end:m[0]])
		name, value := line[m[2]:m[3]], line[m[4]:m[5]]
		kind := slices.IndexFunc(private.Kinds(), func(k private.Kind) bool { return k.String() == name })
		if kind < 0 {
			return s, fmt.Errorf("there is no kind %q", name)
		}
		s.Spans = append(s.Spans, private.Span{Start: text.Len(), End: text.Len() + len(value), Kind: private.Kinds()[kind]})
		text.WriteString(value)
		end = m[1]
	}
	text.WriteString(line[end:])
	s.Text = text.String()
	return s, nil
}
