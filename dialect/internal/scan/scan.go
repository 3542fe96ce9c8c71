// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package scan reads JSON in place: one pass over the bytes, no tree, no reflection, and no copy of what the caller
// does not ask for. The gateway looks at every request and at every event of every stream; this is what it looks with.
//
// What a Cursor accepts is what RFC 8259 calls JSON, no more and no less (encoding/json agrees, and a fuzz test holds
// the two together), nested at most MaxDepth deep.
package scan

import (
	"fmt"
	"strconv"
	"unsafe"
)

// MaxDepth is how deeply values may be nested.
const MaxDepth = 1000

// Cursor walks over one JSON value. The first fault sticks: from then on every method returns zero values, so that
// a reader can look at Err once, at its end. The data must not change while the Cursor is in use. It is for one
// goroutine.
//
// An object is read as
//
//	if c.Object() {
//		for key, ok := c.Field(); ok; key, ok = c.Field() {
//			… // exactly one value is read or skipped here
//		}
//	}
type Cursor struct {
	data  []byte
	pos   int
	depth int
	first bool // nothing has been read of the innermost object or array
	err   *Error
}

// Error is where and why bytes are not the JSON that was expected.
type Error struct {
	Offset int    // of the offending byte
	Want   string // what should have been there
}

// Error says what was expected where.
func (e *Error) Error() string { return fmt.Sprintf("not JSON at byte %d: want %s", e.Offset, e.Want) }

// New returns a Cursor at the start of data.
func New(data []byte) Cursor { return Cursor{data: data} }

// Err returns the first fault, or nil.
func (c *Cursor) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// End returns the first fault; when there was none, it checks that nothing but space follows.
func (c *Cursor) End() error {
	if c.err == nil {
		if c.space(); c.pos < len(c.data) {
			c.fail("end of input")
		}
	}
	return c.Err()
}

// Pos returns the offset of the next value, once the Cursor stands before one.
func (c *Cursor) Pos() int {
	c.space()
	return c.pos
}

// Offset returns the offset behind what has been consumed.
func (c *Cursor) Offset() int { return c.pos }

// Kind tells what comes next: '{', '[', '"', 't' (true), 'f' (false), 'n' (null), '0' (a number), or 0 when it is no
// value at all. Nothing is consumed.
func (c *Cursor) Kind() byte {
	if c.err != nil {
		return 0
	}
	c.space()
	if c.pos >= len(c.data) {
		return 0
	}
	switch b := c.data[c.pos]; b {
	case '{', '[', '"', 't', 'f', 'n':
		return b
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return '0'
	}
	return 0
}

// Object enters an object; read it with Field.
func (c *Cursor) Object() bool { return c.enter('{', "an object") }

// Array enters an array; read it with Elem.
func (c *Cursor) Array() bool { return c.enter('[', "an array") }

func (c *Cursor) enter(open byte, want string) bool {
	if c.Kind() != open {
		c.fail(want)
		return false
	}
	if c.depth++; c.depth > MaxDepth {
		c.fail("less nesting")
		return false
	}
	c.pos++
	c.first = true
	return true
}

// Field moves to the next member of the object and returns its name, unescaped; ok is false at the object's end.
func (c *Cursor) Field() (name []byte, ok bool) {
	if !c.next('}', "',' or '}'") {
		return nil, false
	}
	if c.Kind() != '"' {
		c.fail("a name in quotes")
		return nil, false
	}
	raw, plain := c.str()
	c.space()
	if c.err != nil || c.pos >= len(c.data) || c.data[c.pos] != ':' {
		c.fail("':'")
		return nil, false
	}
	c.pos++
	if !plain {
		raw = Unquote(nil, raw)
	}
	return raw, true
}

// Elem moves to the next element of the array; it is false at the array's end.
func (c *Cursor) Elem() bool {
	if !c.next(']', "',' or ']'") {
		return false
	}
	if c.Kind() == 0 {
		c.fail("a value")
	}
	return c.err == nil
}

func (c *Cursor) next(closing byte, want string) bool {
	if c.err != nil {
		return false
	}
	if c.space(); c.pos >= len(c.data) {
		c.fail(want)
		return false
	}
	b, first := c.data[c.pos], c.first
	c.first = false
	switch {
	case b == closing:
		c.pos++
		c.depth--
		return false
	case first:
		return true
	case b == ',':
		c.pos++
		return true
	}
	c.fail(want)
	return false
}

// Null consumes a null, if that is what comes next.
func (c *Cursor) Null() bool {
	if c.Kind() != 'n' {
		return false
	}
	c.literal("null")
	return c.err == nil
}

// Bool reads true or false.
func (c *Cursor) Bool() bool {
	switch c.Kind() {
	case 't':
		c.literal("true")
		return c.err == nil
	case 'f':
		c.literal("false")
	default:
		c.fail("true or false")
	}
	return false
}

// Float reads a number.
func (c *Cursor) Float() float64 {
	raw := c.number()
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		c.fail("a number that fits")
		return 0
	}
	return f
}

// Int reads a whole number; 1.0 and 1e3 are whole too.
func (c *Cursor) Int() int64 {
	start := c.Pos()
	raw := c.number()
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != float64(int64(f)) || f >= 1<<63 {
		c.pos = min(start, len(c.data))
		c.fail("a whole number")
		return 0
	}
	return int64(f)
}

// String reads a string. Bytes that are not UTF-8 and lone surrogates become U+FFFD.
func (c *Cursor) String() string {
	if c.Kind() != '"' {
		c.fail("a string")
		return ""
	}
	raw, plain := c.str()
	if plain {
		return string(raw)
	}
	var short [64]byte
	if len(raw) <= len(short)/3 { // however it grows, it stays on the stack
		return string(Unquote(short[:0], raw))
	}
	text := Unquote(make([]byte, 0, len(raw)), raw)
	return unsafe.String(unsafe.SliceData(text), len(text)) // nobody else has text
}

// Raw skips the next value and returns its bytes, a part of the data.
func (c *Cursor) Raw() []byte {
	start := c.Pos()
	if c.Skip(); c.err != nil {
		return nil
	}
	return c.data[start:c.pos:c.pos]
}

func (c *Cursor) fail(want string) {
	if c.err == nil {
		c.err = &Error{Offset: c.pos, Want: want}
	}
}
