// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	idleConns  = 512
	readBytes  = 16 << 10 // of a connection's buffer: many small events in one read
	writeBytes = 8 << 10  // most requests in one write; larger bodies go past the buffer
)

// newTransport returns a transport of a provider's own. Answers are not decompressed on the way and redirects are not
// followed: what an upstream says is what its dialect gets to see. The usual proxy variables of the environment hold.
func newTransport(connect time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: connect, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return pooledConn{c}, nil
		},
		TLSHandshakeTimeout:    connect,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		DisableCompression:     true,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		ReadBufferSize:         readBytes,
		WriteBufferSize:        writeBytes,
	}
}

// pooledConn sends request bodies through buffers that are used again. A TCP connection's own ReadFrom makes one for
// every body, which is most of what a gateway would allocate for large prompts.
type pooledConn struct{ net.Conn }

// copyBuffers has a buffer for each body that is being sent.
var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// ReadFrom sends all of r.
func (c pooledConn) ReadFrom(r io.Reader) (int64, error) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, struct{ io.Reader }{r}, *buf)
}
