// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"retort/model"
)

var (
	errRefused = errors.New("the upstream refuses the gateway's own credentials; the operator must mend that")
	errSilent  = errors.New("it did not answer in time")
	errCut     = errors.New("its answer broke off")
	errAway    = errors.New("it cannot be reached")
)

// public returns what a client may know of an error: all of it, except of the gateway's own faults, of its credentials
// and of where its upstreams are. An upstream that refuses the gateway's key has nothing to say to the client, whose key
// is a good one, and its words may quote a part of that key. One that does not know its model or path is no sign that
// the client named a wrong one.
func public(err error) error {
	var e *model.Error
	if !errors.As(err, &e) || e.Kind == model.Internal {
		if model.KindOf(err) == model.Internal {
			return &model.Error{Kind: model.Internal, Err: errInternal}
		}
		return err
	}
	if all := joined(e.Err); all != nil {
		return publicOf(e, all)
	}
	shown := *e
	switch {
	case blamed(e.Kind) && e.Provider != "" && e.Kind != model.NotFound:
		return &model.Error{Kind: model.Upstream, Op: "ask upstream", Provider: e.Provider, Err: errRefused}
	case e.Kind == model.NotFound && e.Provider != "":
		shown.Kind, shown.Field, shown.Body = model.Upstream, "", nil
		return &shown
	case onTheWay(e.Err):
		shown.Err = inWords(e.Kind)
		return &shown
	}
	return err
}

// joined returns the errors of several models that err joins, or nil.
func joined(err error) []error {
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) {
		return nil
	}
	for _, one := range all.Unwrap() {
		var e *model.Error
		if !errors.As(one, &e) {
			return nil
		}
	}
	return all.Unwrap()
}

// publicOf returns what a client may know of an error that joins those of several models.
func publicOf(e *model.Error, errs []error) error {
	shown := *e
	said := make([]string, len(errs))
	for i, err := range errs {
		said[i] = public(err).Error()
		var one *model.Error
		if blamed(e.Kind) && errors.As(err, &one) && one.Kind == e.Kind && one.Provider != "" {
			shown.Kind = model.Upstream
		}
	}
	shown.Err = errors.New(strings.Join(said, "; "))
	return &shown
}

// blamed says whether an error of the kind means something else when an upstream says it than when the gateway does.
func blamed(k model.Kind) bool {
	return k == model.Unauthenticated || k == model.Forbidden || k == model.NotFound
}

// onTheWay says whether the network failed, whose errors tell addresses and names of hosts.
func onTheWay(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var address *net.AddrError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var other net.Error
	switch {
	case errors.As(err, &op), errors.As(err, &dns), errors.As(err, &address), errors.As(err, &certificate), errors.As(err, &record):
		return true
	}
	return errors.As(err, &other) && !errors.Is(err, context.DeadlineExceeded)
}

// inWords says what failed of the network without saying where.
func inWords(k model.Kind) error {
	switch k {
	case model.Unavailable:
		return errAway
	case model.Timeout:
		return errSilent
	case model.Upstream:
		return errCut
	}
	return fmt.Errorf("the connection failed (%s)", k)
}
