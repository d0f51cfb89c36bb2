#!/bin/sh
# Whether every member of the cluster that is taken over accepts this machine, on both of its ports. A member that does not would be
# cut off from this machine once this is a member, too.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh

# Once all its members have left there is nobody to ask: this machine replaces one of ours then.
list=$(members)
left=$list
for url in $ADOPTED_PEER_URLS; do
  [ -z "$(echo "$list" | member_at "$url")" ] || left=
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
[ -z "$problems" ] || fail "not every member of the cluster to take over accepts this machine yet, so it does not join:
$problems
On each of its machines, one after the other: append the outputs with our authorities' certificates (..._ca_certificate to what its trusted-ca-file names, ..._peer_ca_certificate to its peer-trusted-ca-file), restart etcd there, wait until it is healthy; open ports 2379 and 2380 between it and this machine. Then deploy again"
