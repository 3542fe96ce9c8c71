// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"retort/model"
)

// explain turns whatever ended a call into an error that says who failed, why, and what can be done. sent is the request,
// if there was one.
func (p *Provider) explain(ctx context.Context, op string, err error, sent *http.Request) *model.Error {
	var e *model.Error
	switch {
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &e): // the watchdog
		c := *e
		e = &c
	case ctx.Err() != nil:
		e = &model.Error{Kind: model.KindOf(ctx.Err()), Op: op, Err: ctx.Err()}
	case errors.As(err, &e):
		e = asError(err)
	default:
		e = netError(op, err)
	}
	return p.blame(e, sent)
}

// netError explains why no answer came.
func netError(op string, err error) *model.Error {
	e := &model.Error{Kind: model.Unavailable, Op: op, Err: err}
	var dial *net.OpError
	var dns *net.DNSError
	var tlsErr *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var slow net.Error
	switch {
	case errors.As(err, &dns):
		e.Op, e.Hint = "connect", "check the host in base_url"
	case errors.As(err, &tlsErr):
		e.Op, e.Hint = "connect", "the server's certificate is not trusted by this machine"
	case errors.As(err, &record):
		e.Op, e.Hint = "connect", "base_url says https, but the server does not speak TLS"
	case errors.As(err, &dial) && dial.Op == "dial":
		e.Op, e.Hint = "connect", "is the server running? check base_url"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Err = errors.New("the connection was closed before an answer came")
	}
	if errors.As(err, &slow) && slow.Timeout() {
		e.Kind = model.Timeout
	}
	return e
}

// blame names the provider in an error and removes its credential, should an upstream have repeated it.
func (p *Provider) blame(e *model.Error, sent *http.Request) *model.Error {
	e.Provider = p.name
	for _, secret := range p.secrets(sent) {
		if e.Err != nil && strings.Contains(e.Err.Error(), secret) {
			e.Err = errors.New(without(e.Err.Error(), secret))
		}
		e.Hint, e.Field = without(e.Hint, secret), without(e.Field, secret)
		if e.Body != nil && bytes.Contains(e.Body.Data, []byte(secret)) {
			e.Body = &model.Body{Dialect: e.Body.Dialect, Data: []byte(without(string(e.Body.Data), secret))}
		}
	}
	return e
}

// without returns a text with [key] in the place of a secret. One so short that it stands within words by chance, as
// people give local servers for a key, is only taken out where it stands by itself.
func without(text, secret string) string {
	const gone, short = "[key]", 8
	if len(secret) >= short {
		return strings.ReplaceAll(text, secret, gone)
	}
	var out strings.Builder
	for rest, before := text, rune(0); ; {
		i := strings.Index(rest, secret)
		if i < 0 {
			out.WriteString(rest)
			return out.String()
		}
		end := i + len(secret)
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(rest[:i])
		}
		after, _ := utf8.DecodeRuneInString(rest[end:])
		out.WriteString(rest[:i])
		if wordy(before) || wordy(after) {
			out.WriteString(secret)
		} else {
			out.WriteString(gone)
		}
		before, _ = utf8.DecodeLastRuneInString(secret)
		rest = rest[end:]
	}
}

// wordy says whether a character belongs to a word.
func wordy(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
