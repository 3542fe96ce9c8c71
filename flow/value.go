// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"retort/internal/blob"
)

// inline is how many bytes a value may have that is recorded in the database itself; larger ones are blobs.
const inline = 16 << 10

// value is something recorded: its JSON, or the key of the blob that holds it. The zero value is none.
type value struct {
	JSON string   `json:"json,omitempty"`
	Blob string   `json:"blob,omitempty"`
	Refs []string `json:"refs,omitempty"` // further blobs that its step stored
}

func put(blobs *blob.Folder, v any) (value, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return value{}, fmt.Errorf("record a value: %w", err)
	}
	if len(text) <= inline {
		return value{JSON: string(text)}, nil
	}
	w, err := blobs.Create()
	if err != nil {
		return value{}, err
	}
	_, err = w.Write(text)
	if err != nil {
		return value{}, errors.Join(err, w.Discard())
	}
	key, _, err := w.Commit()
	return value{Blob: key}, err
}

func (v value) bytes(blobs *blob.Folder) ([]byte, error) {
	if v.Blob == "" {
		return []byte(v.JSON), nil
	}
	r, err := blobs.Open(v.Blob)
	if err != nil {
		return nil, fmt.Errorf("read a recorded value: %w", err)
	}
	text, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read a recorded value: %w", err)
	}
	return text, nil
}

func (v value) read(blobs *blob.Folder, into any) error {
	text, err := v.bytes(blobs)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read a recorded value: %w", err)
	}
	return nil
}
