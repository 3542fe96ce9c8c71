// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"io"
	"log/slog"
)

const hidden = "***"

// Secret is a value that prints as *** in every form: fmt, JSON, YAML, text and slog. The zero Secret is none.
type Secret struct {
	value *string // a pointer, since fmt prints unexported fields of structs past every method
}

// NewSecret returns a Secret that holds value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the value; "" when there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns ***, or "" when there is no value.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return hidden
}

// Format writes what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText writes what String returns; JSON and other text formats use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML writes what String returns.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
