// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"retort/dialect/internal/reply"
)

// ModelsRequest returns the request that asks an upstream for its models.
func (Client) ModelsRequest(ctx context.Context, base string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, base+"/models", nil)
}

// Models reads the answer to a ModelsRequest: the names of the upstream's models.
func (Client) Models(body []byte) ([]string, error) {
	d := newDecoder(body)
	var names []string
	err := d.Members(func(key string) error {
		if key != "data" {
			d.Skip()
			return nil
		}
		names = []string{}
		return d.Elems(func(int) error {
			id := ""
			err := d.Members(func(key string) error {
				if key == "id" {
					return d.Str(&id)
				}
				d.Skip()
				return nil
			})
			names = append(names, id)
			return err
		})
	})
	if err = d.Done(err); err == nil && names == nil {
		err = errors.New("it has no data: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Hinted(fmt.Errorf("read list of models: %w", err), "check base_url and dialect: "+
			"the answer is no list of models of OpenAI's shape")
	}
	return names, nil
}
