#!/bin/sh
# route-streams cubic|default: has what etcd streams to its peers (log entries, commits, heartbeats) go by cubic, or like
# everything else, the snapshots that it sends among it, by the BBR of 60-etcd-wan.conf.
# BBR looks for the least round-trip time every ten seconds or so, by sending next to nothing for one round trip and 0.2 s:
# nothing to a snapshot, but one in thirty writes of the farthest clients waits for it. A path that loses packets slows cubic
# down, which a few writes do not notice, and a snapshot does.
# Peers open the connections that streams take, so these have etcd's port here; snapshots take connections that etcd opens.
# Called before each start of etcd, and every few seconds by etcd-streams.timer: peers come and go, and so do the ways to them (a VPN, a
# peering of networks); and others may take away what is set here, as networkd does when it is restarted. It looks first, and changes
# only what is not so. Where this fails, everything goes by BBR.
set -eu
port=${ETCD_LISTEN_PEER_URLS##*:}

if [ "$1" != cubic ]; then
  while ip -4 rule del pref "$port" 2>/dev/null; do :; done
  ip -4 route flush table "$port" 2>/dev/null || true
  exit 0
fi

# The addresses of the peers that are declared, here and in what is staged: those that join open connections before this member's turn.
peers() {
  cat /etc/etcd/peers /etc/etcd/staged/etc/etcd/peers 2>/dev/null | sed -n 's#^https://\([0-9.]*\):[0-9]*$#\1#p' | sort -u
}

# The way to ADDRESS, by whatever table has it, as another route can be told it: without its destination and place. Empty if there is none.
way() { # way ADDRESS
  ip -4 -o route get fibmatch "$1" 2>/dev/null | plainly '^(default|[0-9./]+)$'
}
# The way of what has etcd's port, if it has one of its own, by cubic.
way_of_streams() { # way_of_streams ADDRESS
  ip -4 -o route get fibmatch "$1" ipproto tcp sport "$port" 2>/dev/null | grep 'congctl cubic' | plainly "^$1\$"
}
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
# Last, so that it never leads into what is old.
is_ruled || ip -4 rule add pref "$port" ipproto tcp sport "$port" lookup "$port" || is_ruled
[ -z "$failed" ]
