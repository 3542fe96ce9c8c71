// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"

	"retort/dialect"
	dialects "retort/dialect/all"
)

// act is what an upstream does with a request.
type act string

const (
	well      act = "well"      // answers
	tool      act = "tool"      // answers and calls a tool
	big       act = "big"       // answers at length
	slow      act = "slow"      // answers with a pause before each piece
	lazy      act = "lazy"      // answers at length, and the client is slow to read
	cancel    act = "cancel"    // says a piece and waits: the client goes away
	cut       act = "cut"       // breaks the connection off in the middle
	short     act = "short"     // ends the response in the middle, as if that were all
	stall     act = "stall"     // says no more, and keeps the connection
	malformed act = "malformed" // sends something that is no event
	trouble   act = "trouble"   // reports an error in the middle
	busyOnce  act = "busyOnce"  // 429, then answers
	downOnce  act = "downOnce"  // 500, then answers
	resetOnce act = "resetOnce" // closes the connection without a word, then answers
	busy      act = "busy"      // 429 each time
	down      act = "down"      // 500 each time
	garbled   act = "garbled"   // never gets it: the client sends half a body
)

// shares are how often each act comes, outside storms.
var shares = []struct {
	act act
	of  int
}{{well, 32}, {tool, 14}, {big, 1}, {slow, 4}, {lazy, 1}, {cancel, 10}, {cut, 7}, {short, 5}, {stall, 3}, {malformed, 6}, {trouble, 5},
	{busyOnce, 3}, {downOnce, 3}, {resetOnce, 3}, {busy, 2}, {down, 2}, {garbled, 3}}

// Storms: of every stormy requests in a row, some are all refused.
const stormy, storm = 400, 24

// order is one request and what is to become of it.
type order struct {
	id       int
	act      act
	client   string // dialect
	upstream string // dialect
	stream   bool
	pieces   int // of the answer's text
}

// draw returns order number id. Pairs of dialects take turns, so that each meets every act.
func draw(rng *rand.Rand, id int, clients, upstreams []string) order {
	o := order{id: id, client: clients[id%len(clients)], upstream: upstreams[id/len(clients)%len(upstreams)], stream: rng.IntN(10) < 7,
		pieces: 2 + rng.IntN(12)}
	switch at := id % stormy; {
	case at < storm:
		o.act = busy
	case at >= stormy/2 && at < stormy/2+storm:
		o.act = down
	default:
		o.act = pick(rng)
	}
	switch o.act {
	case big, lazy:
		o.pieces = 1500
	}
	return o
}

func pick(rng *rand.Rand) act {
	n := 0
	for _, s := range shares {
		n += s.of
	}
	at := rng.IntN(n)
	for _, s := range shares {
		if at -= s.of; at < 0 {
			return s.act
		}
	}
	return well
}

// prompt is what the client asks. It tells the upstream all it needs.
func (o *order) prompt() string {
	return fmt.Sprintf("soak!%d!%s!%d! and no more", o.id, o.act, o.pieces)
}

var prompts = regexp.MustCompile(`soak!(\d+)!(\w+)!(\d+)!`)

// ordered finds the order in a body. One with more than one is an error: requests must not run into each other.
func ordered(body []byte) (order, error) {
	all := prompts.FindAllSubmatch(body, -1)
	if len(all) != 1 {
		return order{}, fmt.Errorf("the body holds %d orders: %.300s", len(all), body)
	}
	id, err := strconv.Atoi(string(all[0][1]))
	if err != nil {
		return order{}, err
	}
	pieces, err := strconv.Atoi(string(all[0][3]))
	return order{id: id, act: act(all[0][2]), pieces: pieces}, err
}

// piece is one piece of the answer's text. Each names the request, so that none can stand for another's.
func (o *order) piece(i int) string { return fmt.Sprintf("é%d.%d ", o.id, i) }

// text is the whole of the answer's text.
func (o *order) text() string {
	var b strings.Builder
	for i := range o.pieces {
		b.WriteString(o.piece(i))
	}
	return b.String()
}

// calls says whether the answer ends with a call of a tool.
func (o *order) calls() bool { return o.act == tool }

// argument is what the tool is called with.
func (o *order) argument() string { return "nonce-" + strconv.Itoa(o.id) }

// usage is what the answer costs: different for each, and with all kinds of tokens.
type usage struct{ input, cached, output, reasoning int }

func (o *order) usage() usage {
	return usage{100 + o.id%89, o.id % 7 * 5, o.pieces + o.id%13 + 4, o.id % 4}
}

// told is what of the usage the upstream's dialect can tell.
func (o *order) told() usage {
	u := o.usage()
	if !speaks(o.upstream, dialect.UsageCached) {
		u.cached = 0
	}
	if !speaks(o.upstream, dialect.UsageReasoning) {
		u.reasoning = 0
	}
	return u
}

// speaks says whether a dialect has a feature.
func speaks(name string, f dialect.Feature) bool {
	e, _ := dialects.Named(name)
	return e.Table[f] != dialect.Dropped
}

func (u usage) plus(v usage) usage {
	return usage{u.input + v.input, u.cached + v.cached, u.output + v.output, u.reasoning + v.reasoning}
}

// answered says whether the client must get a whole answer.
func (o *order) answered() bool {
	switch o.act {
	case well, tool, big, slow, lazy, busyOnce, downOnce, resetOnce:
		return true
	}
	return false
}

// refused says whether a request may fail with a status, when nothing of an answer came.
func (o *order) refused(status int) bool {
	switch o.act {
	case busy:
		return status == 429
	case garbled:
		return status == 400
	case trouble, malformed, cut, short, stall, down:
		return status >= 400
	}
	return false
}
