// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import "github.com/prometheus/client_golang/prometheus"

// Collectors count what the blends and memories of a plant do: of the one that now returns at the time, so that a new one begins
// anew.
func Collectors(now func() *Plant) []prometheus.Collector {
	return []prometheus.Collector{newShadowMetrics(now), newCacheMetrics(now), newMemoryMetrics(now), newRouteMetrics(now), newCascadeMetrics(now)}
}
