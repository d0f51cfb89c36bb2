#!/bin/sh
# ExecStartPre of etcd.service: keeps a member that was part of a quorum and has lost its log from starting. etcd would begin with an
# empty log under the old identity, and has forgotten what it voted for and which writes it acknowledged.
set -eu
[ -e /var/lib/cdktf-etcd-node/born ] || exit 0
[ ! -e /var/lib/etcd/member/wal ] || exit 0
echo "not started: this member was part of the cluster, and its log is gone from /var/lib/etcd. Bring its disk back; or have it join anew: see 'A machine is lost' in docs/operations.md" >&2
exit 1
