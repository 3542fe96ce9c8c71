// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DatasetVersion is a version of a dataset. Its examples are the blob.
type DatasetVersion struct {
	Tenant  string
	Name    string
	Number  int    // from 1; set by AddVersion
	Address string // of what a student learns from it
	Blob    string // its key
	Bytes   int64  // of the blob in storage
	Card    json.RawMessage
	Created time.Time // set by AddVersion
	Tags    []string  // words that point to it, sorted; set by the store
}

// DatasetRef names a version.
type DatasetRef struct {
	Name   string
	Number int
}

// String returns the reference as commands take it.
func (r DatasetRef) String() string { return fmt.Sprintf("%s@%d", r.Name, r.Number) }

// ParseDatasetRef reads what DatasetRef.String writes.
func ParseDatasetRef(text string) (r DatasetRef, ok bool) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return r, false
	}
	n, err := strconv.Atoi(text[at+1:])
	return DatasetRef{text[:at], n}, err == nil
}

// AddVersion adds a version under the next number of its name, made from parents, and returns it as the store has it. A version whose
// parent has gone meanwhile is an error of kind NotFound. present is asked, while no blob can be released, whether the blob is there: its
// error is returned as it is.
func (s *Store) AddVersion(ctx context.Context, v DatasetVersion, parents []DatasetRef, present func() error) (DatasetVersion, error) {
	const op = "add version"
	switch {
	case v.Tenant == "":
		return v, invalid(op, "tenant", "it is missing")
	case v.Name == "":
		return v, invalid(op, "name", "it is missing")
	case v.Blob == "" || v.Address == "":
		return v, invalid(op, "blob", "blob or address is missing")
	case !json.Valid(v.Card):
		return v, invalid(op, "card", "it is not JSON")
	}
	v.Created = now()
	err := s.change(ctx, op, func(tx *sql.Tx) error {
		if err := present(); err != nil {
			return err
		}
		const number = `INSERT INTO dataset_names (tenant, name, last) VALUES (?,?,1)
			ON CONFLICT (tenant, name) DO UPDATE SET last = last + 1 RETURNING last`
		if err := tx.QueryRowContext(ctx, number, v.Tenant, v.Name).Scan(&v.Number); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO dataset_versions (tenant, name, number, address, blob, bytes, card, created) VALUES (?,?,?,?,?,?,?,?)",
			v.Tenant, v.Name, v.Number, v.Address, v.Blob, v.Bytes, string(v.Card), v.Created.UnixNano())
		if err != nil {
			return err
		}
		for _, p := range parents {
			if err := use(ctx, tx, v.Tenant, p, "version", DatasetRef{v.Name, v.Number}.String()); err != nil {
				return err
			}
		}
		return nil
	})
	return v, err
}

// use notes that something was made from a version, which must be there.
func use(ctx context.Context, tx *sql.Tx, tenant string, of DatasetRef, kind, who string) error {
	done, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO dataset_uses (tenant, name, number, kind, who)
		SELECT tenant, name, number, ?, ? FROM dataset_versions WHERE tenant = ? AND name = ? AND number = ?`, kind, who, tenant, of.Name, of.Number)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return err
	}
	var known int
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM dataset_versions WHERE tenant = ? AND name = ? AND number = ?", tenant, of.Name, of.Number).Scan(&known)
	if err == nil && known == 0 {
		return notFound("version", of.String(), "it was removed meanwhile; retort datasets list shows those that are there")
	}
	return err
}

// Versions returns the tenant's versions of a name, or of all names when name is empty: by name, the latest first.
func (s *Store) Versions(ctx context.Context, tenant, name string) ([]DatasetVersion, error) {
	if name == "" {
		return s.versions(ctx, "v.tenant = ?", tenant)
	}
	return s.versions(ctx, "v.tenant = ? AND v.name = ?", tenant, name)
}

func (s *Store) versions(ctx context.Context, where string, args ...any) ([]DatasetVersion, error) {
	const op = "list versions"
	rows, err := s.read.QueryContext(ctx, `SELECT v.tenant, v.name, v.number, v.address, v.blob, v.bytes, v.card, v.created,
		coalesce((SELECT group_concat(tag, ' ') FROM (SELECT tag FROM dataset_tags t WHERE t.tenant = v.tenant AND t.name = v.name AND t.number = v.number ORDER BY tag)), '')
		FROM dataset_versions v WHERE `+where+" ORDER BY v.name, v.number DESC", args...)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []DatasetVersion
	for rows.Next() {
		var v DatasetVersion
		var card, tags string
		var created int64
		if err := rows.Scan(&v.Tenant, &v.Name, &v.Number, &v.Address, &v.Blob, &v.Bytes, &card, &created, &tags); err != nil {
			return nil, wrap(op, err)
		}
		v.Card, v.Created, v.Tags = json.RawMessage(card), time.Unix(0, created).UTC(), strings.Fields(tags)
		out = append(out, v)
	}
	return out, wrap(op, rows.Err())
}

// VersionUses returns what was made from a version: students and versions by name, as "student ID" and "version NAME@N".
func (s *Store) VersionUses(ctx context.Context, tenant string, of DatasetRef) ([]string, error) {
	return versionUses(ctx, s.read, tenant, of)
}

func versionUses(ctx context.Context, q querier, tenant string, of DatasetRef) ([]string, error) {
	const op = "list uses"
	rows, err := q.QueryContext(ctx, "SELECT kind || ' ' || who FROM dataset_uses WHERE tenant = ? AND name = ? AND number = ? ORDER BY kind, who", tenant, of.Name, of.Number)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, wrap(op, err)
		}
		out = append(out, text)
	}
	return out, wrap(op, rows.Err())
}

// InUseError says that a version was not removed, since something was made from it or a tag points to it.
type InUseError struct {
	Ref  DatasetRef
	Uses []string // "student ID", "version NAME@N" and "tag WORD"
}

// Error names what uses the version.
func (e *InUseError) Error() string {
	const most = 5
	text := strings.Join(e.Uses[:min(most, len(e.Uses))], ", ")
	if more := len(e.Uses) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s is in use by %s", e.Ref, text)
}

// Hint says how it can go all the same.
func (e *InUseError) Hint() string {
	return "what was made from it keeps its name and address but can no longer be traced to its examples; remove it all the same with --force"
}

// RemoveVersion removes a version with the tags that point to it. One in use is an *InUseError unless force is set. Its blob is then
// for ReleaseBlob.
func (s *Store) RemoveVersion(ctx context.Context, tenant string, ref DatasetRef, force bool) error {
	return s.change(ctx, "remove version", func(tx *sql.Tx) error {
		uses, err := versionUses(ctx, tx, tenant, ref)
		if err != nil {
			return err
		}
		tags, err := tagsOf(ctx, tx, tenant, ref)
		if err != nil {
			return err
		}
		if uses = append(uses, tags...); len(uses) > 0 && !force {
			return &InUseError{ref, uses}
		}
		done, err := tx.ExecContext(ctx, "DELETE FROM dataset_versions WHERE tenant = ? AND name = ? AND number = ?", tenant, ref.Name, ref.Number)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, notFound("version", ref.String(), "retort datasets list shows those that are there"))
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM dataset_uses WHERE tenant = ? AND kind = 'version' AND who = ?", tenant, ref.String())
		return err
	})
}

func tagsOf(ctx context.Context, tx *sql.Tx, tenant string, ref DatasetRef) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT 'tag ' || tag FROM dataset_tags WHERE tenant = ? AND name = ? AND number = ? ORDER BY tag", tenant, ref.Name, ref.Number)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// Tag points a word to a version, and away from another version of the name where it points there; number 0 takes the word away.
func (s *Store) Tag(ctx context.Context, tenant, name, tag string, number int) error {
	return s.change(ctx, "tag version", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "DELETE FROM dataset_tags WHERE tenant = ? AND name = ? AND tag = ?", tenant, name, tag)
		if err != nil {
			return err
		}
		if number == 0 {
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				return errors.Join(err, notFound("tag", name+"@"+tag, "retort datasets list shows those that are there"))
			}
			return nil
		}
		done, err = tx.ExecContext(ctx, `INSERT INTO dataset_tags (tenant, name, tag, number)
			SELECT tenant, name, ?, number FROM dataset_versions WHERE tenant = ? AND name = ? AND number = ?`, tag, tenant, name, number)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, notFound("version", DatasetRef{name, number}.String(), "retort datasets list shows those that are there"))
		}
		return nil
	})
}
