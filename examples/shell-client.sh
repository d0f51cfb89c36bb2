#!/bin/sh
# Sets a key with etcdctl from anywhere on earth, if nobody changed it meanwhile: through the nearest member, or the next one
# when an attempt has no answer. Safe to repeat, as the guard lets one attempt through at most.
#
#     . etcd-access/billing/etcd.env && sh examples/shell-client.sh /greeting hello
#
# Each attempt is a process of its own that has to connect first: what runs often is better written like examples/go-client.
set -eu
key=$1 value=$2
endpoints=$ETCDCTL_ENDPOINTS

# Given several endpoints, etcdctl takes one of them, not the nearest: so it gets one at a time. The dial timeout stands for
# the whole attempt, as it begins with a connection; ETCD_CLIENT_ATTEMPT_TIMEOUT is for a request alone. timeout(1) keeps it,
# as `etcdctl txn` has no time limit of its own.
seconds=$((${ETCDCTL_DIAL_TIMEOUT%ms} / 1000 + 1))
attempt() {
  for endpoint in $(echo "$endpoints" | tr , ' '); do
    printf '%s\n' "$transaction" |
      ETCDCTL_ENDPOINTS=$endpoint timeout "$seconds" etcdctl "$@" && return
  done
  return 1
}

# The revision of the last write: 0 for a key that is not there.
transaction=
fields=$(attempt get "$key" --write-out fields)
revision=$(echo "$fields" | sed -n 's/^"ModRevision" : //p')

# The mark tells, when the guard holds because an attempt without an answer went through after all, that it was ours.
marked="$(cat /proc/sys/kernel/random/uuid) $value"
transaction="mod(\"$key\") = \"${revision:-0}\"

put $key \"$marked\"

get $key
"
answer=$(attempt txn)
case $answer in
SUCCESS*) echo "written" ;;
*"$marked"*) echo "written by an attempt that had no answer" ;;
*) echo "$key was changed since, perhaps after an attempt of ours: read it again and decide" >&2 && exit 1 ;;
esac
