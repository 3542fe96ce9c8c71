// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"retort/dialect/sse"
)

func TestLongFrames(t *testing.T) {
	payload := `{"x":"` + strings.Repeat("long ", 50_000) + `"}`
	body := events(t, "a", `{}`, "b", payload, "c", payload, "d", `{}`)
	f := newFrames(&slowly{body}, 1<<20)
	defer f.close()
	for _, want := range []string{"a", "b", "c", "d"} {
		got, err := f.next()
		if err != nil || string(got.name) != want || (want == "b" || want == "c") != (string(got.payload) == payload) {
			t.Fatalf("%s: got %s with %d bytes, %v", want, got.name, len(got.payload), err)
		}
	}
	if _, err := f.next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	f = newFrames(bytes.NewReader(body), 1<<10)
	if _, err := f.next(); err != nil {
		t.Error(err)
	}
	if _, err := f.next(); !errors.Is(err, sse.ErrTooLong) {
		t.Errorf("beyond the limit: %v", err)
	}
}

// FuzzFrames holds the reader against AWS's own decoder: both take the same events out of the same bytes.
func FuzzFrames(f *testing.F) {
	f.Add(events(f, "a", `{}`, "b", "x"))
	var odd bytes.Buffer
	m := eventstream.Message{Payload: []byte("p"), Headers: eventstream.Headers{{Name: "i", Value: eventstream.Int32Value(7)},
		{Name: "b", Value: eventstream.BytesValue("xy")}, {Name: "t", Value: eventstream.BoolValue(true)}, {Name: "u", Value: eventstream.UUIDValue{}},
		{Name: ":message-type", Value: eventstream.StringValue("event")}, {Name: ":event-type", Value: eventstream.StringValue("z")}}}
	if err := eventstream.NewEncoder().Encode(&odd, m); err != nil {
		f.Fatal(err)
	}
	f.Add(odd.Bytes())
	f.Fuzz(func(t *testing.T, body []byte) {
		ours, theirs, decoder := newFrames(bytes.NewReader(body), 1<<20), bytes.NewReader(body), eventstream.NewDecoder()
		defer ours.close()
		for {
			got, err := ours.next()
			if errors.Is(err, sse.ErrTooLong) {
				return
			}
			want, wantErr := decoder.Decode(theirs, nil)
			if err != nil {
				if wantErr == nil && err != errHeaders { // AWS's decoder takes headers without a name
					t.Fatalf("ours: %v; theirs: %+v", err, want)
				}
				return
			}
			if wantErr != nil {
				t.Fatalf("ours: %s %s; theirs: %v", got.name, got.payload, wantErr)
			}
			if !bytes.Equal(got.payload, want.Payload) {
				t.Fatalf("ours: %q; theirs: %q", got.payload, want.Payload)
			}
			if v, ok := want.Headers.Get(":message-type").(eventstream.StringValue); ok && len(want.Headers) < 3 && string(v) != string(got.kind) {
				t.Fatalf("ours: %q; theirs: %q", got.kind, v)
			}
		}
	})
}
