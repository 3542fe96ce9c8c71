// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"retort/provider/preset"
)

// listing is a server's list of models.
type listing struct {
	Data []struct {
		ID    string `json:"id"`
		Owner string `json:"owned_by"`
	} `json:"data"`
}

// list asks a server on this machine for its models. Whatever else listens there, a web page or another Retort, is an error.
func list(ctx context.Context, client *http.Client, base string) (*listing, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/models", nil)
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("list models: status %d", resp.StatusCode)
	}
	var l listing
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&l); err != nil {
		return nil, fmt.Errorf("list models: %w", err)
	}
	if len(l.Data) == 0 || l.Data[0].Owner == "retort" {
		return nil, errors.New("list models: there are none to use")
	}
	return &l, nil
}

// owners are the presets of servers by the name that they give as the owner of their models, which tells more than the
// port does.
var owners = map[string]string{"vllm": "vllm", "sglang": "sglang", "llamacpp": "llamacpp", "library": "ollama"}

// describe returns the server with its models, and with its own name where it tells it.
func (l *listing) describe(s Server) Server {
	if known, ok := preset.Named(owners[l.Data[0].Owner]); ok {
		s.Name, s.Preset, s.Title = known.Name, known.Name, known.Title
	}
	var names []string
	for _, m := range l.Data {
		names = append(names, m.ID)
	}
	s.Models = chatModels(names)
	return s
}

var (
	// notChat is in the names of models that do other things than chat.
	notChat = regexp.MustCompile(`(?i)embed|whisper|tts|audio|speech|voxtral|realtime|transcri|moderation|dall-e|image|imagine|sora|video|rerank|guard|ocr|bge-|clip|flux|diffusion|davinci|babbage|computer-use|deep-research|search`)
	small   = regexp.MustCompile(`(?i)(^|[^a-z])(mini|small|flash|lite|instant|fast|nano|haiku|[1-9]b)([^a-z]|$)`)
	large   = regexp.MustCompile(`(?i)(^|[^a-z])(pro|max|ultra|large|opus|heavy|[2-9][0-9]{2}b)([^a-z]|$)|^o[1-9]`)
	unready = regexp.MustCompile(`(?i)preview|beta|exp([^a-z]|$)|alpha|[0-9]{4}-[0-9]{2}-[0-9]{2}|-[0-9]{4}$`)
	numbers = regexp.MustCompile(`[0-9]+`)
)

// chatModels returns the models that chat, those to try first in front: small ones before large ones, finished before
// previews, later versions before earlier ones.
func chatModels(names []string) []string {
	chat := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" || notChat.MatchString(n) })
	slices.SortStableFunc(chat, func(a, b string) int {
		return cmp.Or(cmp.Compare(burden(a), burden(b)), -compareNatural(a, b))
	})
	return slices.Compact(chat)
}

// burden is higher for names of models that a first try should not use.
func burden(name string) int {
	n := 0
	if unready.MatchString(name) {
		n++
	}
	if large.MatchString(name) {
		n += 4
	}
	if !small.MatchString(name) {
		n += 2
	}
	return n
}

// compareNatural compares texts with numbers in them by the numbers' values.
func compareNatural(a, b string) int { return strings.Compare(padded(a), padded(b)) }

func padded(name string) string {
	return numbers.ReplaceAllStringFunc(name, func(n string) string { return fmt.Sprintf("%08s", n) })
}
