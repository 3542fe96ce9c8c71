// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"retort/model"
)

func TestKeys(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	a, secret, err := s.CreateKey(ctx, tenant, "ci", false)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^rt-[A-Za-z0-9_-]{43}$`).MatchString(secret) || a.ID == "" || a.Hash != HashKey(secret) {
		t.Errorf("got key %+v with secret %q", a, secret)
	}
	b, other, err := s.CreateKey(ctx, "acme", "ci", true)
	if err != nil || other == secret || b.ID == a.ID {
		t.Fatalf("another tenant's key: got %+v, %v", b, err)
	}
	_, _, err = s.CreateKey(ctx, tenant, "ci", false)
	wantKind(t, err, model.Invalid, "name")
	for _, name := range []string{"", strings.Repeat("n", 201)} {
		_, _, err = s.CreateKey(ctx, tenant, name, false)
		wantKind(t, err, model.Invalid, "name")
	}
	live, err := s.Keys(ctx)
	if err != nil || len(live) != 2 || live[0] != a || live[1] != b || a.Manages || !b.Manages {
		t.Errorf("got %v, %v, want both keys", live, err)
	}
	wantKind(t, s.RevokeKey(ctx, "acme", a.ID), model.NotFound, "")
	if err := s.RevokeKey(ctx, tenant, a.ID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.RevokeKey(ctx, tenant, a.ID), model.NotFound, "")
	if live, err = s.Keys(ctx); err != nil || len(live) != 1 || live[0] != b {
		t.Errorf("after revoking one: got %v, %v", live, err)
	}
	if _, _, err := s.CreateKey(ctx, tenant, "ci", false); err != nil {
		t.Errorf("the name of a revoked key is free: %v", err)
	}
	if all, err := s.ListKeys(ctx, tenant); err != nil || len(all) != 2 || all[0].Revoked == nil || all[1].Revoked != nil {
		t.Errorf("got %+v, %v, want one revoked key and one live", all, err)
	}
}

func TestSecretIsNotInTheDatabase(t *testing.T) {
	s := opened(t, t.TempDir())
	_, secret, err := s.CreateKey(t.Context(), tenant, "ci", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"retort.db", "retort.db-wal"} {
		content, err := os.ReadFile(s.Dir() + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(secret[3:])) {
			t.Errorf("%s contains the secret", name)
		}
	}
}
