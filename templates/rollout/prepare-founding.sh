#!/bin/sh
# Notes on this machine's disk that it may found the cluster. It runs while the genesis record is made, and never again for that
# record: a machine with another disk, even one that the record names, has no such note, and joins whatever the others tell.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

end_waiting_join

# In a recovery the cluster is founded anew from one member's data, and by that member alone.
[ -z "$RECOVER_FROM" ] || exit 0

# Whether that machine can be reached, even if no etcd runs on it yet.
reached() { # reached PEER_URL
  _talk=$(ask_peer_url -v -o /dev/null "$1/version" 2>&1) && return 0
  case $? in
  7 | 28) echo "$_talk" | grep -qi 'connection refused' ;;
  esac
}

# A machine that can't be reached might run the cluster already.
deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))
while :; do
  unreached=
  for url in $OTHER_PEER_URLS; do
    reached "$url" || unreached="$unreached $url"
  done
  [ -n "$unreached" ] || break
  [ "$(date +%s)" -lt "$deadline" ] ||
    fail "this machine can't reach${unreached}, so nothing is founded: let it through between the members (the cloud firewall, port 2380), then deploy again. Nothing was changed"
  [ "${told:-}" = "$unreached" ] || say "waiting for the way to${unreached}"
  told=$unreached
  sleep 1
done

if [ -n "$(running_elsewhere)" ]; then
  say "other members run the cluster already: this machine is to join it"
  rm -f "$MAY_FOUND"
else
  note "$MAY_FOUND" "$GENESIS"
  say "may found the cluster"
fi
