// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"container/list"
	"crypto/rand"
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"retort/dialect/internal/scan"
	"retort/model"
)

// MemoryOptions says how much a Memory keeps. Zero values mean the defaults.
type MemoryOptions struct {
	Bytes int64            // of all that is kept, for all tenants together; 64 MiB
	TTL   time.Duration    // how long an answer is kept; 1 h
	Now   func() time.Time // the clock; time.Now
}

// Memory keeps answers made here, with what they answer, so that later requests may refer to them. It lives in one
// process: another does not know what it keeps, and nothing survives a restart. Tenants do not see each other's. When
// there is no more room, the tenant that has most of it loses its oldest answer. Memory is safe for concurrent use.
type Memory struct {
	most int64
	ttl  time.Duration
	now  func() time.Time
	seed maphash.Seed
	read func([]byte) (*model.Content, error) // decode, bound once

	mu      sync.Mutex
	size    int64
	shelves map[string]*shelf // by tenant
	swept   time.Time
}

// NewMemory returns an empty memory.
func NewMemory(o MemoryOptions) *Memory {
	if o.Bytes <= 0 {
		o.Bytes = 64 << 20
	}
	if o.TTL <= 0 {
		o.TTL = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Memory{most: o.Bytes, ttl: o.TTL, now: o.Now, seed: maphash.MakeSeed(), shelves: map[string]*shelf{}}
	m.read = m.decode
	return m
}

// shelf is what is kept for a tenant.
type shelf struct {
	answers map[string]*kept
	items   map[string]*piece // by their ids
	same    map[uint64]*piece // by the hash of their bytes
	oldest  *list.List        // of *kept
	size    int64
}

// piece is a JSON value that answers share: the items of a conversation come with each of its turns.
type piece struct {
	raw    []byte
	hash   uint64
	refs   int
	made   bool   // here; raw is shared with nothing else
	item   bool   // it has an id
	id     string // empty until it is filled
	filled bool
}

// kept is an answer and the conversation that it answers. It does not change.
type kept struct {
	id            string
	made          time.Time
	input, output []*piece
	echo          *piece    // what the answer repeats of the request
	rest          [3][]byte // of the response object: before the output, between it and the echo, behind that
	size          int64     // but for its pieces
	place         *list.Element
}

// What things take beside their bytes, about.
const (
	pieceSize  = 160
	answerSize = 400
	wordSize   = 8
)

// draft is an answer that shall be kept. Its memory becomes the Memory's.
type draft struct {
	id     string
	input  []byte // the request's, as JSON; who gave it uses it again
	output []*output
	echo   []byte
	rest   [3][]byte
}

// keep adds an answer. One that is larger than the whole memory is not kept.
func (m *Memory) keep(tenant string, d *draft) {
	items := elements(d.input)
	k := &kept{id: d.id, rest: d.rest, size: answerSize + wordSize*int64(len(items)+len(d.output))}
	for _, part := range d.rest {
		k.size += int64(len(part))
	}
	pieces := make([]piece, 0, len(items)+len(d.output)+1)
	add := func(raw []byte, made, item bool) {
		pieces = append(pieces, piece{raw: raw, hash: maphash.Bytes(m.seed, raw), made: made, item: item})
	}
	for _, raw := range items {
		add(raw, false, true)
	}
	for _, o := range d.output {
		add(o.done, true, true)
	}
	add(d.echo, true, false)
	m.fill(tenant, pieces)

	m.mu.Lock()
	defer m.mu.Unlock()
	k.made = m.now()
	m.sweep(k.made)
	s := m.shelves[tenant]
	if s == nil {
		s = &shelf{answers: map[string]*kept{}, items: map[string]*piece{}, same: map[uint64]*piece{}, oldest: list.New()}
		m.shelves[tenant] = s
	}
	if s.answers[k.id] != nil {
		return // ids are made once; one that comes again is not worth a rule
	}
	before := s.size
	s.size += k.size
	held := make([]*piece, len(pieces))
	for i := range pieces {
		held[i] = s.hold(&pieces[i])
	}
	k.input, k.output, k.echo = held[:len(items)], held[len(items):len(held)-1], held[len(held)-1]
	s.answers[k.id] = k
	k.place = s.oldest.PushBack(k)
	m.size += s.size - before
	if k.weight() > m.most {
		m.drop(tenant, s, k)
	}
	m.shrink()
}

// weight returns what an answer and its pieces take.
func (k *kept) weight() int64 {
	n := k.size + k.echo.weight()
	for _, p := range k.input {
		n += p.weight()
	}
	for _, p := range k.output {
		n += p.weight()
	}
	return n
}

func (p *piece) weight() int64 { return int64(cap(p.raw)) + int64(len(p.id)) + pieceSize }

// fill prepares pieces that are not there yet, so that it need not be done while others wait.
func (m *Memory) fill(tenant string, pieces []piece) {
	known := make([]bool, len(pieces))
	m.mu.Lock()
	if s := m.shelves[tenant]; s != nil {
		for i := range pieces {
			known[i] = s.has(&pieces[i]) != nil
		}
	}
	m.mu.Unlock()
	for i := range pieces {
		if !known[i] {
			pieces[i].fill()
		}
	}
}

// fill gives a piece memory of its own and an item its id. One without an id gets one, by which it is listed.
func (p *piece) fill() {
	p.filled = true
	if !p.made {
		p.raw = bytes.Clone(p.raw)
	}
	if !p.item {
		return
	}
	look := lookAt(p.raw)
	if p.id = look.id; p.id == "" {
		p.id = look.prefix() + strings.ToLower(rand.Text())
	}
}

// elements returns the items of an input, which share memory with it. A text is a message of the user.
func elements(input []byte) [][]byte {
	c := scan.New(input)
	switch c.Kind() {
	case '"':
		return [][]byte{append(append([]byte(`{"role":"user","content":`), input...), '}')}
	case '[':
	default:
		return nil
	}
	var out [][]byte
	c.Array()
	for c.Elem() {
		out = append(out, c.Raw())
	}
	return out
}

// has returns the piece of the shelf that has the same bytes as p.
func (s *shelf) has(p *piece) *piece {
	if has := s.same[p.hash]; has != nil && bytes.Equal(has.raw, p.raw) {
		return has
	}
	return nil
}

// hold returns the piece of the shelf that has the same bytes as p, or else a copy of p, and counts that it is used
// once more.
func (s *shelf) hold(p *piece) *piece {
	if has := s.has(p); has != nil {
		has.refs++
		return has
	}
	if !p.filled { // it was there until now
		p.fill()
	}
	alone := *p // the list that p stands in shall not live as long as it
	p = &alone
	p.refs = 1
	if s.same[p.hash] == nil {
		s.same[p.hash] = p
	}
	if p.id != "" && (p.made || s.items[p.id] == nil) { // a client cannot put other words under an id of ours
		s.items[p.id] = p
	}
	s.size += p.weight()
	return p
}

func (s *shelf) release(p *piece) {
	if p.refs--; p.refs > 0 {
		return
	}
	s.size -= p.weight()
	if s.same[p.hash] == p {
		delete(s.same, p.hash)
	}
	if s.items[p.id] == p {
		delete(s.items, p.id)
	}
}

// drop forgets an answer.
func (m *Memory) drop(tenant string, s *shelf, k *kept) {
	before := s.size
	s.size -= k.size
	delete(s.answers, k.id)
	s.oldest.Remove(k.place)
	for _, p := range k.input {
		s.release(p)
	}
	for _, p := range k.output {
		s.release(p)
	}
	s.release(k.echo)
	m.size -= before - s.size
	if len(s.answers) == 0 {
		delete(m.shelves, tenant)
	}
}

// shrink drops the oldest answers of those who have most until there is room.
func (m *Memory) shrink() {
	for m.size > m.most {
		var largest *shelf
		var whose string
		for tenant, s := range m.shelves {
			if largest == nil || s.size > largest.size {
				largest, whose = s, tenant
			}
		}
		m.drop(whose, largest, largest.oldest.Front().Value.(*kept))
	}
}

// sweeps is how often, within the time that answers are kept, all tenants' old ones are looked for. Those of a tenant
// who asks are found at once.
const sweeps = 60

// sweep drops answers that are too old.
func (m *Memory) sweep(now time.Time) {
	if now.Sub(m.swept) < m.ttl/sweeps {
		return
	}
	m.swept = now
	for tenant, s := range m.shelves {
		m.expire(tenant, s, now)
	}
}

func (m *Memory) expire(tenant string, s *shelf, now time.Time) {
	for e := s.oldest.Front(); e != nil; e = s.oldest.Front() {
		k := e.Value.(*kept)
		if now.Sub(k.made) < m.ttl {
			return
		}
		m.drop(tenant, s, k)
	}
}

// of returns a tenant's shelf with nothing on it that is too old; nil when nothing is there.
func (m *Memory) of(tenant string) *shelf {
	if s := m.shelves[tenant]; s != nil {
		m.expire(tenant, s, m.now())
	}
	return m.shelves[tenant]
}

// find returns a tenant's answer; nil when it is not kept.
func (m *Memory) find(tenant, id string) *kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.of(tenant); s != nil {
		return s.answers[id]
	}
	return nil
}

// forget drops a tenant's answer, and says whether it was kept.
func (m *Memory) forget(tenant, id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.of(tenant)
	if s == nil || s.answers[id] == nil {
		return false
	}
	m.drop(tenant, s, s.answers[id])
	return true
}
