// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"retort/dataset"
	"retort/internal/suggest"
)

// NotFoundError says that there is no such version.
type NotFoundError struct {
	Ref  string
	Why  string // what there is instead
	Name bool   // there is not even a dataset of that name
}

// Error names what was asked for and what is there.
func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no dataset %s%s", e.Ref, e.Why) }

// Hint says where to look.
func (e *NotFoundError) Hint() string {
	return "retort datasets list shows all names, versions and tags"
}

// Latest is the tag that always points to the latest version of a name.
const Latest = "latest"

// Find returns the version that a text refers to: NAME or NAME@latest is the latest of a name, NAME@3 its third, NAME@TAG where a
// tag points, and NAME@ADDRESS the latest whose address begins so, of which eight digits are enough. One that there is not is a
// *NotFoundError.
func (s *Shelf) Find(ctx context.Context, tenant, ref string) (*dataset.Version, error) {
	name, which, pointed := strings.Cut(ref, "@")
	if pointed && which == "" {
		return nil, fmt.Errorf("dataset %q does not say which version; leave the @ out for the latest, or write %s@1", ref, name)
	}
	if err := dataset.CheckName(name); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	all, err := s.List(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, s.unknown(ctx, tenant, ref, name)
	}
	at := slices.IndexFunc(all, func(v *dataset.Version) bool { return matches(v, which) })
	if which == "" || which == Latest {
		at = 0
	}
	if at < 0 {
		return nil, &NotFoundError{Ref: ref, Why: fmt.Sprintf("; %s has version %s", name, numbers(all))}
	}
	return all[at], nil
}

func matches(v *dataset.Version, which string) bool {
	if n, err := strconv.Atoi(which); err == nil && len(which) < shortestAddress {
		return n == v.Number
	}
	return slices.Contains(v.Tags, which) || len(which) >= shortestAddress && strings.HasPrefix(v.Address, strings.TrimPrefix(which, "sha256:"))
}

// shortestAddress is how many digits of an address are enough to mean it.
const shortestAddress = 8

// numbers lists versions in words, the latest first.
func numbers(all []*dataset.Version) string {
	const most = 5
	var words []string
	for _, v := range all[:min(most, len(all))] {
		word := strconv.Itoa(v.Number)
		if len(v.Tags) > 0 {
			word += " (" + strings.Join(v.Tags, ", ") + ")"
		}
		words = append(words, word)
	}
	if len(all) > most {
		words = append(words, "…")
	}
	return strings.Join(words, ", ")
}

// unknown is the error for a name that there is not.
func (s *Shelf) unknown(ctx context.Context, tenant, ref, name string) error {
	all, err := s.List(ctx, tenant, "")
	if err != nil {
		return err
	}
	var names []string
	for _, v := range all {
		if !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	return &NotFoundError{Ref: ref, Why: suggest.Near(name, names), Name: true}
}

// validTag is a word that is no number and no address.
var validTag = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,63}$`)

// addressLike is what Find may take for an address.
var addressLike = regexp.MustCompile(`^[0-9a-f]{8,}$`)

// Tag points a word to a version, and away from another version of the name. Words begin with a letter.
func (s *Shelf) Tag(ctx context.Context, v *dataset.Version, tag string) error {
	if err := CheckTag(tag); err != nil {
		return err
	}
	return s.store.Tag(ctx, v.Tenant, v.Name, tag, v.Number)
}

// Untag takes a word away from a name.
func (s *Shelf) Untag(ctx context.Context, tenant, name, tag string) error {
	return s.store.Tag(ctx, tenant, name, tag, 0)
}

// CheckTag says what is wrong with a tag.
func CheckTag(tag string) error {
	switch {
	case tag == Latest:
		return fmt.Errorf("tag %q always points to the latest version; use another word", tag)
	case !validTag.MatchString(tag) || addressLike.MatchString(tag):
		return fmt.Errorf("tag %q is no word; begin with a letter and use letters, digits, dots, - and _", tag)
	}
	return nil
}
