#!/bin/sh
# note-start begun|ready: around the start of etcd. activate compares what its process was started with with what is laid down, which
# may change until it is ready; it is ready only with a quorum, so from there on this member's data counts.
set -eu
umask 022
if [ "$1" = begun ]; then
  cat /etc/etcd/restart.sha256 >/run/etcd/starting.sha256
else
  [ -e /var/lib/cdktf-etcd/born ] || : >/var/lib/cdktf-etcd/born
  mv -f /run/etcd/starting.sha256 /run/etcd/started.sha256
fi
