/** How far above the usual 95th percentile an alert begins. */
const HEADROOM = 1.25;
/** The threshold of etcd's published alert rules for peer round trips and for requests: no alert begins below it. */
const PUBLISHED_MS = 150;
/** etcd's metric of peer round trips counts up to three of them as one: TCP, TLS 1.3 and the probe. */
const ROUND_TRIPS_IN_METRIC = 3;
/** Upper bounds of the buckets of grpc_server_handling_seconds, in ms: Prometheus' defaults. */
const REQUEST_BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** What is still usual, with headroom. All in milliseconds, from 95th percentiles. */
export function withHeadroom(p95: number): number {
  return HEADROOM * p95;
}

/** For the mean round trip to a peer. No histogram is read for it, so it need not be the bound of a bucket. */
export function roundTripAlertMs(p95: number): number {
  return Math.max(PUBLISHED_MS / ROUND_TRIPS_IN_METRIC, Math.ceil(withHeadroom(p95)));
}

/** For the p99 of requests, which is read off a histogram: the bound of the first bucket that leaves the headroom. */
export function requestAlertMs(p95: number): number {
  const largest = REQUEST_BUCKETS_MS[REQUEST_BUCKETS_MS.length - 1];
  return Math.max(PUBLISHED_MS, REQUEST_BUCKETS_MS.find((bound) => bound >= withHeadroom(p95)) ?? largest);
}
