// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package origin

import (
	"net/netip"
	"net/url"
	"strings"

	"retort/internal/config"
	"retort/model"
)

// Dearest returns the highest price among the upstreams' models behind a name.
func Dearest(c *config.Config, name string) model.Price {
	var most model.Price
	for _, leaf := range leavesOf(c, name, nil) {
		if price := model.Price(c.Models[leaf].Price); price.Input+price.Output > most.Input+most.Output {
			most = price
		}
	}
	return most
}

// Unpriced returns an upstream's model behind teachers that has no price and is asked over the internet, so that nobody knows
// what it costs; empty: there is none.
func Unpriced(c *config.Config, names ...string) string {
	for _, name := range names {
		for _, leaf := range leavesOf(c, name, nil) {
			m := c.Models[leaf]
			if m.Price == (config.Price{}) && !nearby(c.Providers[m.Provider].BaseURL) {
				return leaf
			}
		}
	}
	return ""
}

// nearby says whether an address is of this machine or a private network, where calls cost nothing; a recording has none.
func nearby(address string) bool {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return true
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".localhost")
}
