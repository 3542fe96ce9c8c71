// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"retort/internal/app"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Create an API key and print it, once."`
	List   keysListCmd   `cmd:"" help:"List API keys."`
	Revoke keysRevokeCmd `cmd:"" help:"Revoke an API key."`
}

type keysCreateCmd struct {
	jsonFlag
	Name   string `arg:"" help:"Whose or what the key is for."`
	Manage bool   `help:"It may cancel and resume runs over HTTP too, which keys for calling models may not."`
}

func (c *keysCreateCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		key, secret, err := a.CreateKey(s.ctx, c.Name, c.Manage)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(map[string]string{"id": key.ID, "key": secret})
		}
		fmt.Fprintln(s.Stdout, secret)
		fmt.Fprintf(s.Stderr, "this is key %s; it is not shown again, and from now on every client needs one\n", key.ID)
		return nil
	})
}

type keysListCmd struct{ jsonFlag }

func (c *keysListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		keys, err := a.Keys(s.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(keys)
		}
		if len(keys) == 0 {
			fmt.Fprintln(s.Stderr, "no keys: the gateway serves this machine only; make one with: retort keys create NAME")
			return nil
		}
		var rows [][]string
		for _, k := range keys {
			state := "active"
			if k.Revoked != nil {
				state = "revoked " + clock(*k.Revoked)
			}
			may := "call"
			if k.Manages {
				may = "call, manage"
			}
			rows = append(rows, []string{k.ID, k.Name, clock(k.Created), may, state})
		}
		return s.table(columns("ID", "NAME", "CREATED", "MAY", "STATE"), rows)
	})
}

type keysRevokeCmd struct {
	ID string `arg:"" name:"key" help:"The key's id or name."`
}

func (c *keysRevokeCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		key, err := a.RevokeKey(s.ctx, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Stdout, "key %s is revoked; a serving retort refuses it within a second\n", key.ID)
		return nil
	})
}
