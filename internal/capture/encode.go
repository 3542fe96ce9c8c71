// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"retort/model"
)

// The functions below write by hand what encoding/json would write for the same values, because they run for every
// request. They differ where encoding/json would refuse: what no JSON can hold becomes something near it, since a trace
// must not be lost over a number.

// appendMeta writes the trace without content.
func appendMeta(b []byte, t *model.Trace) []byte {
	b = appendField(append(b, '{'), "id", t.ID)
	b = appendField(append(b, ','), "tenant", t.Tenant)
	b = appendOptional(b, "key", t.Key)
	b = appendField(append(b, ','), "model", t.Model)
	b = appendOptional(b, "purpose", string(t.Purpose))
	if t.Stream {
		b = append(b, `,"stream":true`...)
	}
	b = appendTime(append(b, `,"start":`...), t.Start)
	b = strconv.AppendInt(append(b, `,"duration_ns":`...), int64(t.Duration), 10)
	if t.First != 0 {
		b = strconv.AppendInt(append(b, `,"first_ns":`...), int64(t.First), 10)
	}
	b = appendUsage(append(b, `,"usage":`...), &t.Usage)
	b = appendFloat(append(b, `,"cost":`...), t.Cost.Dollars())
	b = appendOptional(b, "error", t.Error)
	b = appendOptional(b, "message", t.Message)
	b = appendOptional(b, "dialect", t.Dialect)
	if r := t.Response; r != nil {
		b = appendOptional(b, "answered", r.Model)
		b = appendScore(b, r.Score)
	}
	b = appendList(b, "attempts", t.Attempts, appendAttempt)
	b = appendList(b, "arms", t.Arms, appendArm)
	b = appendList(b, "picks", t.Picks, appendPick)
	if t.Drawn {
		b = append(b, `,"drawn":true`...)
	}
	b = appendList(b, "dropped", t.Dropped, func(b []byte, name *string) []byte { return appendString(b, *name) })
	return append(b, '}')
}

// appendList writes a list, unless it is empty, as a field after others.
func appendList[T any](b []byte, name string, list []T, one func([]byte, *T) []byte) []byte {
	for i := range list {
		if i == 0 {
			b = append(append(append(b, `,"`...), name...), `":[`...)
		} else {
			b = append(b, ',')
		}
		b = one(b, &list[i])
	}
	if len(list) > 0 {
		b = append(b, ']')
	}
	return b
}

func appendAttempt(b []byte, a *model.Attempt) []byte {
	b = appendField(append(b, '{'), "model", a.Model)
	b = appendTime(append(b, `,"start":`...), a.Start)
	b = strconv.AppendInt(append(b, `,"duration_ns":`...), int64(a.Duration), 10)
	if a.First != 0 {
		b = strconv.AppendInt(append(b, `,"first_ns":`...), int64(a.First), 10)
	}
	b = appendUsage(append(b, `,"usage":`...), &a.Usage)
	b = appendFloat(append(b, `,"cost":`...), a.Cost.Dollars())
	b = appendScore(b, a.Score)
	if a.Scored {
		b = append(b, `,"scored":true`...)
	}
	if a.Rejected {
		b = append(b, `,"rejected":true`...)
	}
	if a.Judging {
		b = append(b, `,"judging":true`...)
	}
	if a.Cached {
		b = append(b, `,"cached":true`...)
	}
	b = appendOptional(b, "error", a.Error)
	b = appendOptional(b, "why", a.Why)
	if a.Estimated {
		b = append(b, `,"estimated":true`...)
	}
	b = appendOptional(b, "member", a.Member)
	b = appendOptional(b, "asked", string(a.Asked))
	return append(b, '}')
}

func appendArm(b []byte, a *model.Arm) []byte {
	b = appendField(append(b, '{'), "split", a.Split)
	b = appendField(append(b, ','), "arm", a.Name)
	if a.Unit != 0 {
		b = append(strconv.AppendUint(append(b, `,"unit":"`...), a.Unit, 10), '"')
	}
	return append(b, '}')
}

func appendPick(b []byte, p *model.Pick) []byte {
	b = appendField(append(b, '{'), "blend", p.Blend)
	b = appendField(append(b, ','), "model", p.Model)
	return append(appendOptional(b, "why", p.Why), '}')
}

// appendAnswer writes a response; nil is nothing.
func appendAnswer(b []byte, r *model.Response) []byte {
	if r == nil {
		return b
	}
	b = appendField(append(b, '{'), "model", r.Model)
	b = appendOptional(b, "id", r.ID)
	if r.Created != 0 {
		b = strconv.AppendInt(append(b, `,"created":`...), r.Created, 10)
	}
	b = append(b, `,"choices":[`...)
	for i := range r.Choices {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendChoice(b, &r.Choices[i])
	}
	b = appendUsage(append(b, `],"usage":`...), &r.Usage)
	b = appendFloat(append(b, `,"cost":`...), r.Cost.Dollars())
	b = appendScore(b, r.Score)
	return append(appendOptional(b, "service_tier", r.ServiceTier), '}')
}

func appendChoice(b []byte, c *model.Choice) []byte {
	b = appendField(append(b, `{"message":{`...), "role", string(c.Message.Role))
	b = appendOptional(b, "name", c.Message.Name)
	b = append(b, `,"blocks":[`...)
	for i := range c.Message.Blocks {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendBlock(b, &c.Message.Blocks[i])
	}
	b = append(b, ']')
	if len(c.Message.Extra) > 0 {
		if raw, err := json.Marshal(c.Message.Extra); err == nil {
			b = append(append(b, `,"extra":`...), raw...)
		}
	}
	b = appendOptional(append(b, '}'), "finish", string(c.Finish))
	b = appendOptional(b, "stop_text", c.StopText)
	if len(c.Logprobs) > 0 {
		b = appendLogprobs(append(b, `,"logprobs":`...), c.Logprobs)
	}
	return append(b, '}')
}

func appendBlock(b []byte, block *model.Block) []byte {
	if furnished(block) {
		raw, err := json.Marshal(block)
		if err == nil {
			return append(b, raw...)
		}
		// a field of the dialect is not JSON: keep the rest
	}
	b = appendField(append(b, '{'), "kind", string(block.Kind))
	b = appendOptional(b, "text", block.Text)
	if c := block.Call; c != nil {
		b = appendField(append(b, `,"call":{`...), "id", c.ID)
		b = appendField(append(b, ','), "name", c.Name)
		b = append(appendField(append(b, ','), "arguments", c.Arguments), '}')
	}
	b = appendOptional(b, "callId", block.CallID)
	if block.Failed {
		b = append(b, `,"failed":true`...)
	}
	return append(b, '}')
}

// furnished says whether a block has more than most: what encoding/json may write.
func furnished(b *model.Block) bool {
	return b.Media != nil || b.Blocks != nil || b.Extra != nil || b.Cache != nil || b.Seal != nil || b.Citations != nil ||
		b.ID != "" || b.Native != nil || b.Call != nil && (b.Call.Namespace != "" || b.Call.Freeform)
}

func appendLogprobs(b []byte, ps []model.TokenLogprob) []byte {
	b = append(b, '[')
	for i := range ps {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendField(append(b, '{'), "token", ps[i].Token)
		b = appendFloat(append(b, `,"logprob":`...), ps[i].Logprob)
		if len(ps[i].Bytes) > 0 {
			b = base64.StdEncoding.AppendEncode(append(b, `,"bytes":"`...), ps[i].Bytes)
			b = append(b, '"')
		}
		if len(ps[i].Top) > 0 {
			b = appendLogprobs(append(b, `,"top":`...), ps[i].Top)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendUsage(b []byte, u *model.Usage) []byte {
	b = strconv.AppendInt(append(b, `{"input":`...), int64(u.Input), 10)
	if u.Cached != 0 {
		b = strconv.AppendInt(append(b, `,"cached":`...), int64(u.Cached), 10)
	}
	if u.Written != 0 {
		b = strconv.AppendInt(append(b, `,"written":`...), int64(u.Written), 10)
	}
	b = strconv.AppendInt(append(b, `,"output":`...), int64(u.Output), 10)
	if u.Reasoning != 0 {
		b = strconv.AppendInt(append(b, `,"reasoning":`...), int64(u.Reasoning), 10)
	}
	return append(b, '}')
}

func appendScore(b []byte, score float64) []byte {
	if score == 0 {
		return b
	}
	return appendFloat(append(b, `,"score":`...), score)
}

// lowest stands for the logarithm of nothing, as upstreams write it themselves.
const lowest = -9999

func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		f = 0
	case math.IsInf(f, 1):
		f = math.MaxFloat64
	case math.IsInf(f, -1):
		f = lowest
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, 64)
}

func appendTime(b []byte, t time.Time) []byte {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		t = time.Time{}
	}
	b = t.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano)
	return append(b, '"')
}

func appendOptional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendField(append(b, ','), name, value)
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(append(b, '"'), name...), '"', ':')
	return appendString(b, value)
}

const hex = "0123456789abcdef"

// appendString writes a JSON string; bytes that are not UTF-8 become U+FFFD, as in encoding/json.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[start:i]...), `\ufffd`...)
				start = i + 1
			}
			i += n
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
