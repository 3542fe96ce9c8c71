// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"math"
	"strings"
)

// The facts of a request beside its words.
const (
	factLength = iota // logarithms of lengths and counts
	factLong          // by how much the length is beyond 200 and 1,000 bytes
	factLonger
	factTokens
	factLines
	factFirstLine
	factLongestLine
	factLastLine
	factTurns
	factTools
	factImages
	factSystem
	factJSON
	factDigits // shares of the bytes
	factUpper
	factSigns // of mathematics and code
	factPauses
	factBeyondASCII
	factWordLength
	factQuestion // yes or no
	factBlank
	factQuote
	factCode
	factChoices // lines that begin like an answer to choose
	facts
)

// kinds of bytes, as bits.
const (
	isDigit = 1 << iota
	isUpper
	isSign
	isPause
	isBeyond
	isSpace
)

var kindOf = func() (table [256]uint8) {
	for i := range table {
		switch b := byte(i); {
		case b >= '0' && b <= '9':
			table[i] = isDigit
		case b >= 'A' && b <= 'Z':
			table[i] = isUpper
		case b >= 0x80:
			table[i] = isBeyond
		case b <= ' ':
			table[i] = isSpace
		case strings.IndexByte("+-*/=<>^\\{}[]()|&%$#@~_", b) >= 0:
			table[i] = isSign
		case strings.IndexByte(",;:", b) >= 0:
			table[i] = isPause
		}
	}
	return table
}()

// lines describes the lines of a text.
type lines struct {
	count, first, last, longest, choices int
}

// describe writes the facts of a request into dst. Of the text it reads what pieces returns.
func (q *Query) describe(dst *[facts]float32) {
	*dst = [facts]float32{}
	pieces := q.pieces()
	var count [isSpace + 1]int
	var seen lines
	read := 0
	for _, piece := range pieces[:2] {
		for i := range len(piece) {
			count[kindOf[piece[i]]]++
		}
		seen.add(piece)
		read += len(piece)
	}
	length := logarithm(len(q.Text))
	dst[factLength] = length
	dst[factLong] = max(0, length-logarithm(200))
	dst[factLonger] = max(0, length-logarithm(1000))
	dst[factTokens] = logarithm(q.Tokens)
	dst[factLines] = logarithm(seen.count)
	dst[factFirstLine] = logarithm(seen.first)
	dst[factLongestLine] = logarithm(seen.longest)
	dst[factLastLine] = logarithm(seen.last)
	dst[factTurns] = logarithm(q.Turns)
	dst[factTools] = logarithm(q.Tools)
	dst[factImages] = logarithm(q.Images)
	dst[factSystem] = logarithm(len(q.System))
	dst[factChoices] = logarithm(seen.choices)
	if read > 0 {
		share := 1 / float32(read)
		dst[factDigits] = float32(count[isDigit]) * share
		dst[factUpper] = float32(count[isUpper]) * share
		dst[factSigns] = float32(count[isSign]) * share
		dst[factPauses] = float32(count[isPause]) * share
		dst[factBeyondASCII] = float32(count[isBeyond]) * share
	}
	dst[factWordLength] = logarithm(read / (count[isSpace] + 1))
	dst[factJSON] = yes(q.JSON)
	dst[factQuestion] = yes(contains(pieces, "?"))
	dst[factBlank] = yes(contains(pieces, "__"))
	dst[factQuote] = yes(contains(pieces, "\""))
	dst[factCode] = yes(contains(pieces, "```") || contains(pieces, "();") || contains(pieces, "def "))
}

func logarithm(n int) float32 { return float32(math.Log1p(float64(max(n, 0)))) }

func yes(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

func contains(pieces [3]string, what string) bool {
	return strings.Contains(pieces[0], what) || strings.Contains(pieces[1], what)
}

// add adds the lines of a piece.
func (l *lines) add(piece string) {
	for line := range strings.Lines(piece) {
		line = strings.TrimRight(line, "\r\n")
		if l.count == 0 {
			l.first = len(line)
		}
		l.count++
		l.last = len(line)
		l.longest = max(l.longest, len(line))
		if isChoice(line) {
			l.choices++
		}
	}
}

// isChoice reports whether a line begins like "A. ", "B) " or "(C) ".
func isChoice(line string) bool {
	line = strings.TrimPrefix(line, "(")
	return len(line) > 2 && line[0] >= 'A' && line[0] <= 'J' && (line[1] == '.' || line[1] == ')')
}
