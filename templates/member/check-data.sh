#!/bin/sh
# ExecStartPre of etcd.service: a member that was part of a quorum and has lost its log must not come back under its old
# identity by itself, as etcd would have it. It has forgotten what it voted for and what it helped to acknowledge.
set -eu
[ -e /var/lib/cdktf-etcd-node/born ] || exit 0
[ ! -e /var/lib/etcd/member/wal ] || exit 0
echo "not started: this member was part of the cluster, and its log is gone from /var/lib/etcd. Bring its disk back; or have it join anew: see 'A machine is lost' in docs/operations.md" >&2
exit 1
