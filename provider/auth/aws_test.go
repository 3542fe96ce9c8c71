// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"retort/model"
)

// verify computes the signature of a request as AWS does, from what came over the wire
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html), and says what is wrong.
func verify(r *http.Request, body []byte, id, secret, region, service string) error {
	auth := r.Header.Get("Authorization")
	fields := map[string]string{}
	for _, f := range strings.Split(strings.TrimPrefix(auth, "AWS4-HMAC-SHA256 "), ", ") {
		name, value, _ := strings.Cut(f, "=")
		fields[name] = value
	}
	at := r.Header.Get("X-Amz-Date")
	if len(at) < 8 {
		return errors.New("no date")
	}
	scope := strings.Join([]string{at[:8], region, service, "aws4_request"}, "/")
	if fields["Credential"] != id+"/"+scope {
		return fmt.Errorf("credential %s", fields["Credential"])
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	if !slices.IsSorted(signed) || !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") {
		return fmt.Errorf("signed headers %v", signed)
	}
	var headers strings.Builder
	for _, name := range signed {
		value := r.Header.Get(name)
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(len(body))
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	canonical := strings.Join([]string{r.Method, encodePath(r.URL.EscapedPath()), r.URL.RawQuery, headers.String(), fields["SignedHeaders"], sum(body)}, "\n")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", at, scope, sum([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{at[:8], region, service, "aws4_request"} {
		key = mac(key, part)
	}
	if want := hex.EncodeToString(mac(key, text)); fields["Signature"] != want {
		return fmt.Errorf("signature %s, want %s of:\n%s", fields["Signature"], want, canonical)
	}
	return nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// encodePath encodes a path once more, slashes apart.
func encodePath(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c == '/' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// send signs a request and sends it to a server that verifies it.
func send(t *testing.T, s interface{ Sign(*http.Request) error }, path, body, id, secret, session string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if err := verify(r, got, id, secret, "eu-central-1", "bedrock"); err != nil {
			t.Error(err)
		}
		if string(got) != body || r.Header.Get("X-Amz-Security-Token") != session {
			t.Errorf("body %q, token %q", got, r.Header.Get("X-Amz-Security-Token"))
		}
	}))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if err := s.Sign(r); err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestAWS(t *testing.T) {
	a, err := NewAWS(AWSOptions{Region: "eu-central-1", AccessKey: "AKIDEXAMPLE", Secret: "wJalr/secret", Session: "FQoG//token"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream", "/model/x/converse?a=b",
		"/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x/converse",
	} {
		send(t, a, path, `{"messages":[]}`, "AKIDEXAMPLE", "wJalr/secret", "FQoG//token")
	}
	r := httptest.NewRequest(http.MethodGet, "https://bedrock.eu-central-1.amazonaws.com/foundation-models", nil)
	if err := a.Sign(r); err != nil {
		t.Fatal(err)
	}
	if err := verify(r, nil, "AKIDEXAMPLE", "wJalr/secret", "eu-central-1", "bedrock"); err != nil {
		t.Error(err)
	}
}

// TestAWSExample signs the request of AWS's own example of a signature.
func TestAWSExample(t *testing.T) {
	a, err := NewAWS(AWSOptions{Region: "us-east-1", Service: "iam", AccessKey: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		Now: func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if err := a.Sign(r); err != nil {
		t.Fatal(err)
	}
	const want = "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
	if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want …%s", got, want)
	}
}

func TestAWSProfile(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "credentials")
	text := "[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = s1\n[work]\naws_access_key_id = AKWORK\naws_secret_access_key = s2\naws_session_token = t2\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_SHARED_CREDENTIALS_FILE": file, "AWS_CONFIG_FILE": filepath.Join(folder, "none"), "AWS_PROFILE": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	work, err := NewAWS(AWSOptions{Region: "eu-central-1", Profile: "work"})
	if err != nil {
		t.Fatal(err)
	}
	send(t, work, "/model/x/converse", "{}", "AKWORK", "s2", "t2")
	usual, err := NewAWS(AWSOptions{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	send(t, usual, "/model/x/converse", "{}", "AKDEFAULT", "s1", "")

	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(folder, "none"))
	none, err := NewAWS(AWSOptions{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://h/x", strings.NewReader("{}"))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("{}")), nil }
	err = none.Sign(r)
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Unauthenticated || !strings.Contains(e.Hint, "AWS_BEARER_TOKEN_BEDROCK") {
		t.Errorf("got %v", err)
	}
}

func TestAWSOptions(t *testing.T) {
	for want, o := range map[string]AWSOptions{
		"region: ":        {AccessKey: "a", Secret: "b"},
		"access_key_id: ": {Region: "r", AccessKey: "a"},
		"session_token: ": {Region: "r", Session: "a"},
	} {
		if _, err := NewAWS(o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
