// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package connect makes providers of what configurations say of them.
package connect

import (
	"retort/internal/config"
	"retort/provider"
	"retort/provider/account"
)

// Provider returns what asks the upstream that c, of a configuration that has been checked, describes under name. It is not
// for recordings. Errors begin with the key of the configuration that is wrong.
func Provider(name string, c config.Provider) (*provider.Provider, error) {
	o, err := account.Account{
		Name: name, Preset: c.Preset, Dialect: c.Dialect, BaseURL: c.BaseURL, Auth: c.Auth, Key: c.APIKey.Reveal(), APIVersion: c.APIVersion,
		Region: c.Region, Profile: c.Profile, AccessKey: c.AccessKeyID.Reveal(), SecretKey: c.SecretKey.Reveal(), Session: c.SessionToken.Reveal(),
		File: c.Credentials, NoUsage: c.StreamUsage != nil && !*c.StreamUsage,
	}.Options()
	if err != nil {
		return nil, err
	}
	if c.MaxAnswer != nil {
		o.MaxEvent = int(*c.MaxAnswer)
	}
	o.Retries = -1
	if c.Retries != nil && *c.Retries > 0 {
		o.Retries = *c.Retries
	}
	o.Timeouts = provider.Timeouts{Connect: c.Timeouts.Connect, First: c.Timeouts.FirstPart, Idle: c.Timeouts.Idle, Total: c.Timeouts.Total}
	o.Breaker = provider.Breaker{Off: c.Breaker.Off, Rate: c.Breaker.FailureRate, Calls: c.Breaker.Requests,
		Window: c.Breaker.Window, Cooldown: c.Breaker.Cooldown}
	return provider.New(o)
}
