#!/bin/sh
# mark-start begun|ready: before etcd starts, and once it is ready, as root. Notes what it was started with, as what is laid down may
# change until it is ready. It gets ready only with a quorum: from then on this member's data counts.
set -eu
umask 022
notes=/var/lib/cdktf-etcd-node run=/run/cdktf-etcd
install -d -m 0755 "$notes" "$run"
if [ "$1" = begun ]; then
  cat /etc/etcd/restart.sha256 >"$run/starting.sha256"
else
  [ -e "$notes/born" ] || : >"$notes/born"
  # If its data is lost from here on, it has to join.
  rm -f "$notes/may-found"
  [ ! -e "$run/starting.sha256" ] || mv -f "$run/starting.sha256" "$run/started.sha256"
fi
