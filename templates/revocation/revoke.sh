#!/bin/sh
# revoke: has etcd on this member refuse the certificates that are laid down as revoked, and ends the connections that were made before,
# as etcd looks at a certificate when a connection is made, and never again. It runs once all members have what was laid down, on one
# after the other. Looks first, and notes for which certificates it has ended connections, so that it carries on what was cut off.
# shellcheck source=../rollout/common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=../authorization/sessions.sh
. /usr/local/lib/cdktf-etcd/sessions.sh
# shellcheck source=revocation.sh
. /usr/local/lib/cdktf-etcd/revocation.sh

deadline=$(($(date +%s) + HEALTH_BUDGET_SECONDS))

# The lists that etcd goes by.
lists() {
  [ -z "$(setting_of "" ETCD_CLIENT_CRL_FILE)" ] || echo clients
  [ -z "$(setting_of "" ETCD_PEER_CRL_FILE)" ] || echo peers
}

# Those certificates in use by members that are among these serial numbers: files of this member, and addresses of others.
used_by_members() { # used_by_members LIST SERIALS
  own_revoked "" "$1" "$2"
  [ "$1" = peers ] || return 0
  _shown=$(mktemp)
  for _url in $OTHER_PEER_URLS; do
    timeout "$((DIAL_SECONDS * 3))" openssl s_client -connect "${_url#https://}" \
      -cert /etc/etcd/pki/peer.crt -key /etc/etcd/pki/peer.key </dev/null >"$_shown" 2>/dev/null || true
    ! certificate_serials "$_shown" | grep -qxF "${2:--}" || echo "$_url"
  done
  rm "$_shown"
}

# Has etcd go by the list that is laid down.
renew() { # renew LIST SERIALS
  if is_list "$LISTS/$1.crl" && [ "$(refused_by "$LISTS/$1.crl")" = "$2" ]; then return 0; fi
  put_list "$1" "$2" || fail "the list of revoked $1 can't be made. Mend what is said above, then deploy again"
  say "revoked certificates of $1 that it refuses from now on: $(echo "$2" | grep -c . || true)"
}

# Ends connections where somebody is on the list who was not yet when that was done last.
cut_once() { # cut_once LIST SERIALS
  _noted=$NOTES/revoked-$1 _port=2379
  [ "$1" = clients ] || _port=2380
  if [ -n "$(echo "$2" | grep -vxF "$(cat "$_noted" 2>/dev/null || echo -)" || true)" ]; then
    cut_sessions "$_port"
    until commits "$SELF"; do
      [ "$(date +%s)" -lt "$deadline" ] ||
        fail "commits no writes $HEALTH_BUDGET_SECONDS s after connections to port $_port were cut. Bring all members back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
      sleep 0.3
    done
  fi
  note "$_noted" "$2"
}

# Before any list changes: a member that was cut off before it got its new certificate has to get that first.
for list in $(lists); do
  serials=$(revoked_serials "$LISTS/$list") || fail "a certificate on $LISTS/$list is none: mend it, then deploy again. No list was changed"
  used=$(used_by_members "$list" "$serials" | paste -sd' ' -)
  [ -z "$used" ] ||
    fail "nothing is revoked: a certificate on $LISTS/$list is in use ($used), and members would be locked out. Take it out of the code, or have it renewed first, and deploy again. No list was changed"
done

for list in $(lists); do
  serials=$(revoked_serials "$LISTS/$list")
  renew "$list" "$serials"
  cut_once "$list" "$serials"
done
