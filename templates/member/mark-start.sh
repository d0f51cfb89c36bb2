#!/bin/sh
# mark-start begun|ready: around the start of etcd, as root. activate compares what its process was started with with what is laid down,
# which may change until it is ready; it is ready only with a quorum, so from there on this member's data counts.
set -eu
umask 022
notes=/var/lib/cdktf-etcd-node run=/run/cdktf-etcd
install -d -m 0755 "$notes" "$run"
if [ "$1" = begun ]; then
  cat /etc/etcd/restart.sha256 >"$run/starting.sha256"
else
  [ -e "$notes/born" ] || : >"$notes/born"
  # Should its data be lost from here on, it joins.
  rm -f "$notes/may-found"
  [ ! -e "$run/starting.sha256" ] || mv -f "$run/starting.sha256" "$run/started.sha256"
fi
