// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/tidwall/gjson"

	"retort/model"
)

// Unit says which requests belong together, so that a split gives them to one arm and a balance to one member.
type Unit string

// The units. One of the request's metadata is UnitMetadata with the field's name, such as "metadata.session".
const (
	UnitTenant       Unit = "tenant"       // who owns the call
	UnitKey          Unit = "key"          // the API key that called
	UnitUser         Unit = "user"         // the caller's end user, as the request says
	UnitConversation Unit = "conversation" // the prompt cache's key, or else the system prompt with the first thing a user says
	UnitRequest      Unit = "request"      // each request by itself, by the id of its trace
	UnitMetadata     Unit = "metadata."
)

// appendOf appends the unit of a request to b: nothing when the request does not say it. The error is that of a request
// that cannot be read.
func (u Unit) appendOf(b []byte, req *model.Request) ([]byte, error) {
	switch u {
	case UnitTenant:
		return append(b, req.Tenant...), nil
	case UnitKey:
		return append(b, req.Key...), nil
	case UnitRequest:
		return append(b, req.Trace...), nil
	}
	content, err := req.Content()
	if err != nil {
		return b, err
	}
	switch u {
	case UnitUser:
		return append(b, content.User...), nil
	case UnitConversation:
		return appendOpening(b, content), nil
	}
	field, _ := strings.CutPrefix(string(u), string(UnitMetadata))
	found := ""
	gjson.ParseBytes(content.Extra["metadata"]).ForEach(func(key, value gjson.Result) bool { // a name with a dot is a name, not a path
		if key.Str == field {
			found = value.String()
		}
		return found == ""
	})
	return append(b, found...), nil
}

// appendOpening appends what does not change while a conversation goes on: all messages up to the first of a user.
func appendOpening(b []byte, content *model.Content) []byte {
	if content.CacheKey != "" {
		return append(b, content.CacheKey...)
	}
	for i := range content.Messages {
		m := &content.Messages[i]
		for j := range m.Blocks {
			b = appendBlock(b, &m.Blocks[j])
		}
		if m.Role == model.User {
			break
		}
	}
	return b
}

func appendBlock(b []byte, block *model.Block) []byte {
	b = append(b, block.Text...)
	if m := block.Media; m != nil {
		b = append(append(append(b, m.URL...), m.FileID...), m.Data...)
	}
	return append(b, 0)
}

// hash returns a number that only depends on salt and the request's unit, and whether the request says its unit: the
// first 8 bytes, most significant first, of the SHA-256 of the salt, a zero byte and the unit.
func (u Unit) hash(salt string, req *model.Request) (hash uint64, said bool, err error) {
	var room [512]byte
	b := append(append(room[:0], salt...), 0)
	before := len(b)
	if b, err = u.appendOf(b, req); err != nil {
		return 0, false, err
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:]), len(b) > before, nil
}

// Hash returns a number that stands for the request's unit, different for another salt, and whether the request says its
// unit. The error is that of a request that cannot be read.
func (u Unit) Hash(salt string, req *model.Request) (hash uint64, said bool, err error) {
	return u.hash(salt, req)
}

// share maps a hash evenly to the numbers from 0 to below 1.
func share(hash uint64) float64 { return float64(hash>>11) / (1 << 53) }
