// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

// scope is what access tokens are for: all of Google Cloud that the account may do.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// tokenTime is how long a source of tokens may take.
const tokenTime = 30 * time.Second

// Google signs requests with access tokens of Google Cloud.
type Google struct {
	file  string
	turn  chan struct{} // has room for one: whoever looks at token or fetches one
	token *oauth2.Token
}

// NewGoogle returns a signer with the credentials in a file, such as a service account's key. Without one they are the
// application default credentials: the file that GOOGLE_APPLICATION_CREDENTIALS names, what `gcloud auth
// application-default login` left, or the account of the machine.
func NewGoogle(file string) (*Google, error) {
	g := &Google{file: file, turn: make(chan struct{}, 1)}
	if file == "" {
		return g, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	if _, err := kindOfFile(text); err != nil {
		return nil, fmt.Errorf("credentials: %s: %w", file, err)
	}
	return g, nil
}

// kindOfFile returns what kind of credentials a file holds.
func kindOfFile(text []byte) (google.CredentialsType, error) {
	var f struct {
		Type google.CredentialsType `json:"type"`
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return "", errors.New("is not JSON") // its own words could hold a piece of the file
	}
	switch f.Type {
	case google.ServiceAccount, google.AuthorizedUser, google.ExternalAccount, google.ImpersonatedServiceAccount, google.ExternalAccountAuthorizedUser:
		return f.Type, nil
	case "":
		return "", errors.New("has no type; give the JSON key of a service account")
	}
	return "", errors.New("is of a type that is not known; give the JSON key of a service account")
}

// Sign adds the token, fetching one if the last is about to expire.
func (g *Google) Sign(r *http.Request) error {
	token, err := g.current(r.Context())
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return nil
}

// early is how long before its end a token is not used any more; sources of tokens think so, too.
const early = 10 * time.Second

// current returns a token that holds. Whoever comes while one is fetched waits for it, or for the end of its context.
func (g *Google) current(ctx context.Context) (string, error) {
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if t := g.token; t != nil && (t.Expiry.IsZero() || time.Until(t.Expiry) > early) {
		return t.AccessToken, nil
	}
	token, err := g.fetch(ctx)
	if err != nil {
		return "", refused(ctx, err)
	}
	g.token = token
	return token.AccessToken, nil
}

// fetch gets a token.
func (g *Google) fetch(ctx context.Context) (*oauth2.Token, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	bound := tripper(func(r *http.Request) (*http.Response, error) { // not every source minds the context
		return http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	})
	found, err := g.find(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: bound}))
	if err != nil {
		return nil, err
	}
	return found.TokenSource.Token()
}

// tripper makes a function a transport.
type tripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (g *Google) find(ctx context.Context) (*google.Credentials, error) {
	if g.file == "" {
		return google.FindDefaultCredentials(ctx, scope)
	}
	text, err := os.ReadFile(g.file)
	if err != nil {
		return nil, err
	}
	kind, err := kindOfFile(text)
	if err != nil {
		return nil, err
	}
	return google.CredentialsFromJSONWithType(ctx, text, kind, scope)
}

// refused says why there is no token, without what the source of tokens wrote, which may hold what it was sent.
func refused(ctx context.Context, err error) error {
	const op = "get access token"
	var said *oauth2.RetrieveError
	var network net.Error
	switch {
	case errors.As(err, &said) && said.Response != nil:
		status := said.Response.StatusCode
		return failed(ctx, op, fmt.Errorf("status %d: %s", status, said.ErrorCode),
			"check the provider's credentials", status >= 500 || status == http.StatusTooManyRequests)
	case errors.As(err, &network):
		return failed(ctx, op, err, "the source of access tokens cannot be reached", true)
	}
	return failed(ctx, op, err, "set GOOGLE_APPLICATION_CREDENTIALS, or run: gcloud auth application-default login", false)
}
