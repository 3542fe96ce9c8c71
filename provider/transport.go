// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net"
	"net/http"
	"time"
)

const (
	idleConns   = 512
	bufferBytes = 16 << 10 // for each direction of a connection: many small events in one read, most requests in one write
)

// newTransport returns a transport of a provider's own. Answers are not decompressed on the way and redirects are not
// followed: what an upstream says is what its dialect gets to see. The usual proxy variables of the environment hold.
func newTransport(connect time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: connect, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connect,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		DisableCompression:     true,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		ReadBufferSize:         bufferBytes,
		WriteBufferSize:        bufferBytes,
	}
}
