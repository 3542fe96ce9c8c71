// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package account makes the client of an upstream of what a configuration says of it: which dialect it speaks and with
// what quirks, and how requests to it are authorised.
package account

import (
	"fmt"
	"net/http"

	"retort/dialect"
	"retort/dialect/anthropic"
	"retort/dialect/bedrock"
	"retort/dialect/gemini"
	"retort/dialect/ollama"
	"retort/dialect/openai"
	"retort/dialect/responses"
	"retort/provider"
	"retort/provider/auth"
	"retort/provider/preset"
)

// Account is an account with a vendor, or a server. BaseURL is whole; Preset tells whose quirks to mind.
type Account struct {
	Name    string // in the configuration
	Preset  string
	Dialect string
	BaseURL string

	Auth       string // one of preset's; empty: AuthKey
	Key        string
	APIVersion string
	Region     string // with AuthAWS
	Profile    string // with AuthAWS: of ~/.aws
	AccessKey  string // with AuthAWS: in place of what AWS's tools would find
	SecretKey  string
	Session    string
	File       string // with AuthGoogle: of credentials; empty: the application default ones

	NoUsage bool // leave stream_options out
}

// Options returns the parts of provider.Options that tell one account from another. Errors begin with the key of the
// configuration that is wrong, and hold no secret.
func (a Account) Options() (provider.Options, error) {
	o := provider.Options{Name: a.Name, BaseURL: a.BaseURL, Key: a.Key}
	var err error
	if o.Dialect, err = a.client(); err != nil {
		return o, err
	}
	o.Signer, err = a.signer(o.Dialect)
	return o, err
}

// client returns the side of the dialect that faces the upstream.
func (a Account) client() (dialect.Client, error) {
	switch a.Dialect {
	case openai.Name:
		return openai.Client{NoUsage: a.NoUsage || a.Preset == "mistral", Quirks: quirks(a.Preset)}, nil
	case responses.Name:
		return responses.Client{Vendor: quirks(a.Preset).Vendor}, nil
	case anthropic.Name:
		switch a.Preset {
		case "bedrock-anthropic":
			return onBedrock{anthropic.Client{Bedrock: true}}, nil
		case "vertex-anthropic":
			return anthropic.Client{Vertex: true}, nil
		}
		return anthropic.Client{Version: a.APIVersion}, nil
	case gemini.Name:
		return gemini.Client{Vertex: a.Preset == "vertex"}, nil
	case ollama.Name:
		return ollama.Client{}, nil
	case bedrock.Name:
		return bedrock.Client{}, nil
	}
	return nil, fmt.Errorf("dialect: %q is not one that upstreams are asked in", a.Dialect)
}

// signer returns what authorises requests where the dialect does not; nil where it does.
func (a Account) signer(client dialect.Client) (provider.Signer, error) {
	s, err := a.credential()
	if err != nil {
		return nil, err
	}
	if a.APIVersion == "" || a.Dialect == anthropic.Name {
		return s, nil
	}
	if s == nil {
		s = byDialect{client, a.Key}
	}
	return auth.Query("api-version", a.APIVersion, s), nil
}

func (a Account) credential() (provider.Signer, error) {
	switch a.Auth {
	case preset.AuthKey, "":
		return nil, nil
	case preset.AuthBearer:
		return auth.Bearer(a.Key)
	case preset.AuthAPIKey:
		return auth.Header("Api-Key", "", a.Key)
	case preset.AuthAWS:
		return auth.NewAWS(auth.AWSOptions{Region: a.Region, Profile: a.Profile, AccessKey: a.AccessKey, Secret: a.SecretKey, Session: a.Session})
	case preset.AuthGoogle:
		return auth.NewGoogle(a.File)
	}
	return nil, fmt.Errorf("auth: %q is not known", a.Auth)
}

// byDialect lets the dialect authorise requests.
type byDialect struct {
	client dialect.Client
	key    string
}

// Sign adds the key where the dialect puts it.
func (s byDialect) Sign(r *http.Request) error {
	s.client.Authorize(r, s.key)
	return nil
}
