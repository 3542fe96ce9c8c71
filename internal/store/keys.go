// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"
)

// Key is an API key. Its secret is shown once, when it is made, and kept nowhere.
type Key struct {
	ID      string     `json:"id"`
	Tenant  string     `json:"tenant"`
	Name    string     `json:"name"`
	Created time.Time  `json:"created"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Manages bool       `json:"manages"` // it may do more than to call models: end and resume runs

	// Hash is HashKey of the secret. Who looks a key up by it needs no comparison in constant time: to aim at a hash,
	// one would have to invert SHA-256.
	Hash [sha256.Size]byte `json:"-"`
}

// HashKey returns what the store keeps of a secret. The secret has 256 random bits, so a plain hash hides it.
func HashKey(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }

// CreateKey makes a key and returns it with its secret, "rt-" and 32 random bytes in base64url. name says whose key it
// is, and manages what it may do; a name that an unrevoked key of the tenant has is an error of kind Invalid.
func (s *Store) CreateKey(ctx context.Context, tenant, name string, manages bool) (k Key, secret string, err error) {
	const op = "create key"
	if name == "" || len(name) > 200 {
		return k, "", invalid(op, "name", "a name of 1 to 200 bytes is needed")
	}
	secret = "rt-" + base64.RawURLEncoding.EncodeToString(random(32))
	k = Key{ID: newID("key"), Tenant: tenant, Name: name, Created: now(), Manages: manages, Hash: HashKey(secret)}
	err = s.change(ctx, op, func(tx *sql.Tx) error {
		var other string
		err := tx.QueryRowContext(ctx, "SELECT id FROM keys WHERE tenant = ? AND name = ? AND revoked IS NULL", tenant, name).Scan(&other)
		if err == nil {
			return invalid(op, "name", "key %s has the name %q: revoke it first, or choose another name", other, name)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO keys (id, tenant, name, hash, created, manages) VALUES (?,?,?,?,?,?)",
			k.ID, k.Tenant, k.Name, k.Hash[:], k.Created.UnixNano(), k.Manages)
		return errors.Join(err, bump(ctx, tx))
	})
	if err != nil {
		return Key{}, "", err
	}
	return k, secret, nil
}

// Keys returns the keys of all tenants that are not revoked: what a server keeps in memory to know callers by.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	return s.keys(ctx, "WHERE revoked IS NULL")
}

// ListKeys returns the tenant's keys, revoked ones included, in the order in which they were made.
func (s *Store) ListKeys(ctx context.Context, tenant string) ([]Key, error) {
	return s.keys(ctx, "WHERE tenant = ?", tenant)
}

func (s *Store) keys(ctx context.Context, where string, args ...any) ([]Key, error) {
	const op = "list keys"
	rows, err := s.read.QueryContext(ctx, "SELECT id, tenant, name, hash, created, revoked, manages FROM keys "+where+" ORDER BY created, id", args...)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Key
	for rows.Next() {
		var k Key
		var hash []byte
		var created int64
		var revoked sql.NullInt64
		if err := rows.Scan(&k.ID, &k.Tenant, &k.Name, &hash, &created, &revoked, &k.Manages); err != nil {
			return nil, wrap(op, err)
		}
		copy(k.Hash[:], hash)
		k.Created = time.Unix(0, created).UTC()
		if revoked.Valid {
			at := time.Unix(0, revoked.Int64).UTC()
			k.Revoked = &at
		}
		out = append(out, k)
	}
	return out, wrap(op, rows.Err())
}

// RevokeKey makes a key invalid for good. One that the tenant does not have, or that is revoked, is an error of kind
// NotFound.
func (s *Store) RevokeKey(ctx context.Context, tenant, id string) error {
	return s.change(ctx, "revoke key", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "UPDATE keys SET revoked = ? WHERE id = ? AND tenant = ? AND revoked IS NULL", now().UnixNano(), id, tenant)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err == nil && n == 0 {
			return notFound("key", id, "retort keys list shows them")
		}
		return errors.Join(err, bump(ctx, tx))
	})
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails: the program ends where the system has no randomness
	return b
}

// newID returns an id that says what it names, such as "key_8f3c…".
func newID(kind string) string { return kind + "_" + hex.EncodeToString(random(8)) }
