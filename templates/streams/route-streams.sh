#!/bin/sh
# route-streams cubic|default: has what etcd streams to its peers (log entries, commits, heartbeats) go by cubic, while everything else,
# snapshots included, goes by the BBR of 60-etcd-wan.conf; or, with "default", has all of it go by BBR.
#
# Why: every ten seconds or so BBR sends next to nothing for one round trip and 0.2 s, to measure the least round-trip time. A snapshot
# does not notice that, but one in thirty writes of the farthest clients waits for it. A path that loses packets slows cubic down,
# which the log does not notice, but a snapshot would.
# How: peers open the connections that streams go by, so these have etcd's peer port at this end. Snapshots go by connections that
# etcd opens. So a rule sends what comes from that port to a table of its own, with a route by cubic to each peer.
# When: before each start of etcd, and every few seconds by etcd-streams.timer. Peers and the ways to them come and go (a VPN, a peering
# of networks), and others may remove what is set here, as networkd does when it restarts. It changes only what is not as it should
# be. If it fails, everything goes by BBR.
set -eu
port=${ETCD_LISTEN_PEER_URLS##*:}

if [ "$1" != cubic ]; then
  while ip -4 rule del pref "$port" 2>/dev/null; do :; done
  ip -4 route flush table "$port" 2>/dev/null || true
  exit 0
fi

# The addresses of the peers, by what is laid down and what is staged: new members open connections before it is this member's turn.
peers() {
  cat /etc/etcd/peers /etc/etcd/staged/etc/etcd/peers 2>/dev/null | sed -n 's#^https://\([0-9.]*\):[0-9]*$#\1#p' | sort -u
}

# The usual way to ADDRESS, by whichever table has it, in the words that make a route of it, but for its destination and table. Empty
# if there is none.
way() { # way ADDRESS
  ip -4 -o route get fibmatch "$1" 2>/dev/null | plainly '^(default|[0-9./]+)$'
}
# The same for what comes from etcd's peer port, if that goes by cubic.
way_of_streams() { # way_of_streams ADDRESS
  ip -4 -o route get fibmatch "$1" ipproto tcp sport "$port" 2>/dev/null | grep 'congctl cubic' | plainly "^$1\$"
}
# Takes a route of ip's to that destination apart, and leaves only the way.
plainly() { # plainly DESTINATION
  awk -v destination="$1" '
    $1 ~ destination {
      for (i = 2; i <= NF; i++)
        if ($i ~ /^(table|metric|nhid|congctl)$/) i++
        else if ($i !~ /^(\\|linkdown|dead|offload|trap)$/) printf " %s", $i
      exit
    }'
}

leave() { ip -4 route del "$@" table "$port" 2>/dev/null || true; } # leave DESTINATION

wanted=$(peers)
failed=
for peer in $wanted; do
  usual=$(way "$peer")
  if [ -z "$usual" ]; then
    leave "$peer"
  elif [ "$(way_of_streams "$peer")" != "$usual" ]; then
    # shellcheck disable=SC2086
    ip -4 route replace "$peer" table "$port" congctl cubic $usual || {
      leave "$peer"
      failed=yes
    }
  fi
done

ip -4 -o route show table "$port" 2>/dev/null | while read -r destination more; do
  case $destination in
  default | [0-9]*) echo "$wanted" | grep -qxF "$destination" || leave "$destination" ;;
  *) leave "$destination" "${more%% *}" ;;
  esac
done

is_ruled() { ip -4 rule show pref "$port" | grep -q "ipproto tcp sport $port lookup $port"; }
# The rule comes last, so that it never leads to outdated routes.
is_ruled || ip -4 rule add pref "$port" ipproto tcp sport "$port" lookup "$port" || is_ruled
[ -z "$failed" ]
