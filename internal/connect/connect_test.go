// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package connect

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/internal/config"
	"retort/model"
	"retort/provider"
)

func TestLongAnswersAreAllowedWhereConfigured(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}]}`, strings.Repeat("x", 10<<10))
	}))
	defer up.Close()
	for _, tt := range []struct {
		most config.Size
		want string
	}{{20 << 10, ""}, {5 << 10, "too long"}, {0, ""}} {
		c := config.Provider{Dialect: "openai", BaseURL: up.URL}
		if tt.most > 0 {
			c.MaxAnswer = &tt.most
		}
		p, err := Provider("up", c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Model(provider.Spec{Name: "m"}).Generate(t.Context(), model.NewRequest("m", model.Prompt("hi")), model.Discard)
		if got := fmt.Sprint(err); (err == nil) != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("max_answer %v: got %v, want %q", tt.most, err, tt.want)
		}
	}
}
