#!/bin/sh
# check-adoption: whether every member of the cluster that is taken over accepts this machine, on both of its ports. One that
# does not would be cut off by a new member that it does not trust.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

# It may have left since: a machine that is replaced then has nothing to ask of it.
list=$(members) || list=
left=$list
for url in $ADOPTED_PEER_URLS; do
  if echo "$list" | awk '{ print $3 }' | grep -qxF "$url"; then left=; fi
done
[ -z "$left" ] || exit 0

problems=$(
  for url in $ADOPTED_PEER_URLS $ADOPTED_CLIENT_URLS; do
    case " $ADOPTED_PEER_URLS " in
    *" $url "*) ask=ask_peer_url ;;
    *) ask=ask_client_url ;;
    esac
    reason=$("$ask" -f -o /dev/null "$url/version" 2>&1) || echo "  $url: $reason"
  done
)
[ -z "$problems" ] || fail "not every member of the cluster to adopt accepts this machine yet, so it does not join:
$problems
On each of its machines, one after the other: append the outputs with our authorities' certificates (..._ca_certificate to what its trusted-ca-file names, ..._peer_ca_certificate to its peer-trusted-ca-file), restart etcd there, wait until it is healthy; open ports 2379 and 2380 between it and this machine. Then deploy again"
