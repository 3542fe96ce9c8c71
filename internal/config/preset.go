// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"
	"strings"

	"retort/provider/preset"
)

// applyPresets fills in what follows from the presets of providers. Variables of the environment are looked up here alone
// without being named in the file, since naming the preset names them; the canonical form writes them down.
func (c *Config) applyPresets(d *decoder) {
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		p := c.Providers[name]
		if known, ok := preset.Named(p.Preset); ok {
			p.apply(d, join("providers", name), &known)
			c.Providers[name] = p
		}
	}
}

func (p *Provider) apply(d *decoder, path string, known *preset.Preset) {
	if p.Dialect == "" {
		p.Dialect = known.Dialect()
	}
	if p.Dialect == DialectReplay {
		return
	}
	p.applyAddress(d, path, known)
	p.applyKey(d, path, known)
	if p.Distillation == (Distillation{}) && known.Terms != (preset.Terms{}) {
		p.Distillation = Distillation{Status: DistillUnknown, Basis: known.Terms.Basis, Source: known.Terms.Source}
	}
}

// address returns the fields that the addresses of presets are made of.
func (p *Provider) address() map[string]*string {
	return map[string]*string{"resource": &p.Resource, "region": &p.Region, "project": &p.Project, "location": &p.Location}
}

// applyAddress fills in the address and the fields that it is made of.
func (p *Provider) applyAddress(d *decoder, path string, known *preset.Preset) {
	own := p.address()
	fields, secret := map[string]string{}, false
	for _, f := range known.Needs {
		at := path + "." + f.Name
		if *own[f.Name] == "" {
			*own[f.Name] = f.Default
			for _, name := range f.Vars {
				if value, ok := d.lookup(name); ok && value != "" {
					*own[f.Name] = value
					d.written[at] = "${" + name + "}"
					break
				}
			}
		}
		fields[f.Name] = *own[f.Name]
		_, fromOutside := d.written[at]
		secret = secret || fromOutside
	}
	if p.BaseURL != "" {
		return
	}
	base, err := known.BaseURL(p.Dialect, fields)
	if err != nil {
		key, message, _ := strings.Cut(err.Error(), ": ")
		if f, ok := known.Field(key); ok && len(f.Vars) > 0 && *own[key] == "" {
			message += "; write it, or set " + f.Vars[0]
		} else if key == "dialect" {
			message += "; give one of them, or base_url"
		}
		d.fail(path+"."+key, "%s", message)
		return
	}
	p.BaseURL = base
	if secret {
		d.written[path+".base_url"] = omitted
	}
}

// applyKey fills in the key and the way to authorise.
func (p *Provider) applyKey(d *decoder, path string, known *preset.Preset) {
	signs := known.Auth == preset.AuthAWS && (!p.AccessKeyID.IsZero() || p.Profile != "")
	if p.APIKey.IsZero() && (p.Auth == "" || needsKey(p.Auth)) && !signs && d.places[path+".api_key"] == nil {
		for _, name := range known.Keys {
			if value, ok := d.lookup(name); ok && strings.TrimSpace(value) != "" {
				if !d.secretFrom(path+".api_key", name, value, &p.APIKey) {
					return
				}
				break
			}
		}
	}
	if p.Auth == "" {
		p.Auth = authOf(known, !p.APIKey.IsZero())
	}
	if p.APIKey.IsZero() && needsKey(p.Auth) && len(known.Keys) > 0 && known.Port == 0 && d.places[path+".api_key"] == nil {
		d.fail(path+".api_key", "is missing; set %s, or write api_key: ${NAME} with the variable that holds the key", known.Keys[0])
	}
}

// secretFrom takes a secret from a variable that a preset names; it is false, with the mistake noted, when it is none.
func (d *decoder) secretFrom(path, name, value string, into *Secret) bool {
	value = strings.TrimSpace(value)
	if strings.ContainsAny(value, "\r\n") {
		d.fail(path, "the value of %s has several lines, which no key has", name)
		return false
	}
	*into = NewSecret(value)
	d.written[path] = "${" + name + "}"
	return true
}

// authOf returns the usual way to authorise requests. Clouds that sign requests take a key instead where there is one.
func authOf(known *preset.Preset, key bool) string {
	switch {
	case known.Auth == "":
		return preset.AuthKey
	case known.Auth == preset.AuthAWS && key:
		return preset.AuthKey
	case known.Auth == preset.AuthGoogle && key:
		return preset.AuthBearer
	}
	return known.Auth
}

// needsKey says whether a way to authorise is nothing but a key.
func needsKey(auth string) bool {
	return auth == preset.AuthKey || auth == preset.AuthBearer || auth == preset.AuthAPIKey
}

// secrets returns the secrets of a provider by their keys.
func (p *Provider) secrets() map[string]Secret {
	return map[string]Secret{"api_key": p.APIKey, "access_key_id": p.AccessKeyID, "secret_access_key": p.SecretKey, "session_token": p.SessionToken}
}

// checkAuth notes credentials that do not go together.
func (p *Provider) checkAuth(d *decoder, path string) {
	for _, f := range []struct {
		key, auth string
		set       bool
	}{
		{"access_key_id", preset.AuthAWS, !p.AccessKeyID.IsZero()}, {"secret_access_key", preset.AuthAWS, !p.SecretKey.IsZero()},
		{"session_token", preset.AuthAWS, !p.SessionToken.IsZero()}, {"profile", preset.AuthAWS, p.Profile != ""},
		{"credentials", preset.AuthGoogle, p.Credentials != ""},
	} {
		if f.set && p.Auth != f.auth {
			d.fail(path+"."+f.key, "belongs to auth: %s", f.auth)
		}
	}
	switch {
	case (p.Auth == preset.AuthBearer || p.Auth == preset.AuthAPIKey) && p.APIKey.IsZero() && p.Preset == "":
		d.fail(path+".api_key", "is missing; auth: %s sends it", p.Auth)
	case !needsKey(p.Auth) && p.Auth != "" && !p.APIKey.IsZero():
		d.fail(path+".api_key", "has no use with auth: %s; leave one of the two out", p.Auth)
	case p.Auth == preset.AuthAWS && p.Region == "":
		d.fail(path+".region", "is missing; AWS's signatures depend on it")
	case p.AccessKeyID.IsZero() != p.SecretKey.IsZero():
		d.fail(path+".access_key_id", "goes with secret_access_key; write both")
	case p.AccessKeyID.IsZero() && !p.SessionToken.IsZero():
		d.fail(path+".session_token", "goes with access_key_id and secret_access_key")
	}
	p.checkUnused(d, path)
}

// checkUnused notes parts of an address that the preset does not make one of.
func (p *Provider) checkUnused(d *decoder, path string) {
	known, _ := preset.Named(p.Preset)
	for _, key := range []string{"resource", "region", "project", "location"} {
		_, needed := known.Field(key)
		switch at := path + "." + key; {
		case *p.address()[key] == "" || needed || key == "region" && p.Auth == preset.AuthAWS:
		case p.Preset == "":
			d.fail(at, "is part of the address of a preset, and there is none; write base_url whole")
		default:
			d.fail(at, "has no use with the preset %s; leave it out", p.Preset)
		}
	}
}
