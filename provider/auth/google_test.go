// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"retort/model"
)

// serviceAccount writes the key of a service account whose tokens come from uri, and returns the file and the private key.
func serviceAccount(t *testing.T, uri string) (file, private string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	text, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "retort@example.iam.gserviceaccount.com",
		"private_key_id": "k1", "private_key": private, "token_uri": uri})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, private
}

// tokens is a server of access tokens.
func tokens(t *testing.T, asked *atomic.Int32, lifetime int) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		if err := r.ParseForm(); err != nil || r.Form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			t.Errorf("asked with %v, %v", r.Form, err)
		}
		claims, err := base64.RawURLEncoding.DecodeString(strings.Split(r.Form.Get("assertion")+"..", ".")[1])
		if err != nil || !strings.Contains(string(claims), scope) || !strings.Contains(string(claims), "retort@example") {
			t.Errorf("claims %s, %v", claims, err)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"ya29.token-%d","token_type":"Bearer","expires_in":%d}`, n, lifetime)
	}))
	t.Cleanup(s.Close)
	return s
}

func signed(t *testing.T, g *Google) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://h/x", nil).WithContext(t.Context())
	if err := g.Sign(r); err != nil {
		t.Error(err)
	}
	return r.Header.Get("Authorization")
}

func TestGoogleTokensAreKept(t *testing.T) {
	var asked atomic.Int32
	file, _ := serviceAccount(t, tokens(t, &asked, 3600).URL)
	g, err := NewGoogle(file)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if got := signed(t, g); got != "Bearer ya29.token-1" {
				t.Errorf("got %q", got)
			}
		})
	}
	all.Wait()
	if asked.Load() != 1 {
		t.Errorf("a token was fetched %d times", asked.Load())
	}
}

func TestGoogleTokensAreRenewed(t *testing.T) {
	var asked atomic.Int32
	file, _ := serviceAccount(t, tokens(t, &asked, 5).URL) // seconds, less than early
	g, err := NewGoogle(file)
	if err != nil {
		t.Fatal(err)
	}
	if first, second := signed(t, g), signed(t, g); first == second {
		t.Errorf("%q was used twice, though it was about to expire", first)
	}
}

func TestGoogleDefault(t *testing.T) {
	var asked atomic.Int32
	file, _ := serviceAccount(t, tokens(t, &asked, 3600).URL)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	g, err := NewGoogle("")
	if err != nil {
		t.Fatal(err)
	}
	if got := signed(t, g); got != "Bearer ya29.token-1" {
		t.Errorf("got %q", got)
	}
}

func TestGoogleMetadataServer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Metadata-Flavor", "Google")
		if r.Header.Get("Metadata-Flavor") == "Google" && strings.HasSuffix(r.URL.Path, "/token") {
			fmt.Fprint(w, `{"access_token":"ya29.machine","token_type":"Bearer","expires_in":3600}`)
		}
	}))
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GCE_METADATA_HOST", u.Host)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("APPDATA", t.TempDir())
	g, err := NewGoogle("")
	if err != nil {
		t.Fatal(err)
	}
	if got := signed(t, g); got != "Bearer ya29.machine" {
		t.Errorf("got %q", got)
	}
}

func TestGoogleErrors(t *testing.T) {
	status, body := http.StatusBadRequest, ""
	var assertion string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assertion = r.FormValue("assertion")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, body, assertion)
	}))
	defer s.Close()
	file, private := serviceAccount(t, s.URL)
	for _, tc := range []struct {
		status int
		body   string
		kind   model.Kind
	}{
		{400, `{"error":"invalid_grant","error_description":"Invalid JWT: %s"}`, model.Unauthenticated},
		{503, `busy %s`, model.Unavailable},
	} {
		status, body = tc.status, tc.body
		g, err := NewGoogle(file)
		if err != nil {
			t.Fatal(err)
		}
		err = g.Sign(httptest.NewRequest(http.MethodPost, "https://h/x", nil))
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != tc.kind || !strings.Contains(err.Error(), fmt.Sprint(tc.status)) {
			t.Errorf("%d: got %v", tc.status, err)
		}
		for _, secret := range []string{assertion, private[100:140]} {
			if all := fmt.Sprintf("%v %+v %s", err, e, e.Hint); strings.Contains(all, secret) {
				t.Errorf("the error holds a secret: %s", all)
			}
		}
	}
}

func TestGoogleFiles(t *testing.T) {
	for text, want := range map[string]string{"{": "is not JSON", "{}": "has no type", `{"type":"other"}`: "not known"} {
		file := filepath.Join(t.TempDir(), "key.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := NewGoogle(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if _, err := NewGoogle(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestKeys(t *testing.T) {
	for _, tc := range []struct {
		make         func(string) (Key, error)
		header, want string
	}{
		{Bearer, "Authorization", "Bearer sk-1"},
		{func(k string) (Key, error) { return Header("Api-Key", "", k) }, "Api-Key", "sk-1"},
	} {
		k, err := tc.make(" sk-1\n")
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "https://h/x?a=1", nil)
		if err := Query("api-version", "2024-10-21", k).Sign(r); err != nil || r.Header.Get(tc.header) != tc.want || r.URL.RawQuery != "a=1&api-version=2024-10-21" {
			t.Errorf("got %v %s, %v", r.Header, r.URL, err)
		}
		if all := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Contains(all, "sk-1") {
			t.Errorf("the key prints: %s", all)
		}
		for _, bad := range []string{"", "sk\n1", "sk-ä"} {
			if _, err := tc.make(bad); err == nil || strings.Contains(err.Error(), "sk") {
				t.Errorf("%q: got %v", bad, err)
			}
		}
	}
}

// TestGoogleLetsGo leaves while a token is fetched: whoever fetches and whoever waits for it.
func TestGoogleLetsGo(t *testing.T) {
	came, release := make(chan struct{}, 1), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		came <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(release)
	file, _ := serviceAccount(t, s.URL)
	g, err := NewGoogle(file)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(ctx context.Context) error {
		return g.Sign(httptest.NewRequest(http.MethodPost, "https://h/x", nil).WithContext(ctx))
	}
	fetching, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- sign(fetching) }()
	<-came
	waiting, leave := context.WithCancel(t.Context())
	leave()
	if err := sign(waiting); !errors.Is(err, context.Canceled) {
		t.Errorf("who waited: %v", err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("who fetched: %v", err)
	}
}
