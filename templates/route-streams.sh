#!/bin/sh
# route-streams cubic|default: has what etcd streams to its peers (log entries, commits, heartbeats) go by cubic, or like
# everything else, the snapshots that it sends among it, by the BBR of 60-etcd-wan.conf.
# BBR looks for the least round-trip time every ten seconds or so, by sending next to nothing for one round trip and 0.2 s:
# nothing to a snapshot, but one in thirty writes of the farthest clients waits for it. A path that loses packets slows cubic
# down, which a few writes do not notice, and a snapshot does.
# Peers open the connections that streams take, so these have etcd's port here; snapshots take connections that etcd opens.
# Called before each start of etcd. Where this fails, or is undone, everything goes by BBR.
set -eu
port=${ETCD_LISTEN_PEER_URLS##*:}

while ip -4 rule del pref "$port" 2>/dev/null; do :; done
ip -4 route flush table "$port" 2>/dev/null || true
[ "$1" = cubic ] || exit 0

# The same ways as everything else.
ip -4 route show table main | while read -r route; do
  # shellcheck disable=SC2086
  ip -4 route add $route table "$port" congctl cubic
done
# Last, so that it never leads into half of them.
ip -4 rule add pref "$port" ipproto tcp sport "$port" lookup "$port"
