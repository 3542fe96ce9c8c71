// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"retort/model"
)

// AWSOptions say with whose credentials requests to AWS are signed. Without AccessKey they come from where AWS's own
// tools look: the environment, the profile in ~/.aws, single sign-on, roles of containers and machines.
type AWSOptions struct {
	Region    string
	Service   string // that the signature is for: "bedrock"
	AccessKey string
	Secret    string
	Session   string // of temporary credentials
	Profile   string // of ~/.aws; empty: AWS_PROFILE, or the default one

	Now func() time.Time // nil: the clock
}

// AWS signs requests with AWS's Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
type AWS struct {
	region, service string
	profile         string
	signer          *v4.Signer
	now             func() time.Time

	mu     sync.Mutex
	source aws.CredentialsProvider
}

// NewAWS returns a signer. Nothing is asked of anybody yet.
func NewAWS(o AWSOptions) (*AWS, error) {
	switch {
	case o.Region == "":
		return nil, errors.New("region: is empty; AWS's signatures depend on it")
	case (o.AccessKey == "") != (o.Secret == ""):
		return nil, errors.New("access_key_id: goes with secret_access_key")
	case o.AccessKey == "" && o.Session != "":
		return nil, errors.New("session_token: goes with access_key_id and secret_access_key")
	}
	a := &AWS{region: o.Region, service: o.Service, profile: o.Profile, now: o.Now, signer: v4.NewSigner(func(s *v4.SignerOptions) {
		s.LogSigning = false
	})}
	if a.service == "" {
		a.service = "bedrock"
	}
	if a.now == nil {
		a.now = time.Now
	}
	if o.AccessKey != "" {
		a.source = credentials.NewStaticCredentialsProvider(o.AccessKey, o.Secret, o.Session)
	}
	return a, nil
}

// Sign adds the signature, which covers the body.
func (a *AWS) Sign(r *http.Request) error {
	ctx := r.Context()
	source, err := a.credentials(ctx)
	if err != nil {
		return err
	}
	found, err := source.Retrieve(ctx)
	if err != nil {
		return noCredentials(ctx, err)
	}
	hash, err := bodyHash(r)
	if err != nil {
		return err
	}
	if err := a.signer.SignHTTP(ctx, found, r, hash, a.service, a.region, a.now()); err != nil {
		return &model.Error{Kind: model.Internal, Op: "sign request", Err: err}
	}
	return nil
}

// credentials returns where credentials come from, finding it out once.
func (a *AWS) credentials(ctx context.Context) (aws.CredentialsProvider, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.source != nil {
		return a.source, nil
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(a.region)}
	if a.profile != "" {
		options = append(options, config.WithSharedConfigProfile(a.profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, noCredentials(ctx, err)
	}
	a.source = cfg.Credentials // it keeps what it finds until that expires
	return a.source, nil
}

func noCredentials(ctx context.Context, err error) error {
	return failed(ctx, "find AWS credentials", err, "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and "+
		"AWS_SECRET_ACCESS_KEY, or name a profile", false)
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing

// bodyHash returns the SHA-256 of a request's body.
func bodyHash(r *http.Request) (string, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return emptyHash, nil
	}
	if r.GetBody == nil {
		return "", &model.Error{Kind: model.Internal, Op: "sign request", Err: errBody}
	}
	body, err := r.GetBody()
	if err != nil {
		return "", fmt.Errorf("sign request: %w", err)
	}
	defer body.Close()
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", fmt.Errorf("sign request: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
