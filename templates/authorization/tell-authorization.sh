#!/bin/sh
# tell-authorization: where the code says nothing of authorization, tells if it is on all the same: it came along with a backup, a
# survivor's data or a cluster that was taken over, or was turned on by hand.
# shellcheck source=../rollout/common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=auth-calls.sh
. /usr/local/lib/cdktf-etcd/auth-calls.sh

if echo AuthStatus | auth_calls "$SELF" | grep -qx 'enabled yes'; then
  say "authorization is on in this cluster, but the code says nothing of it: clients that are no users of etcd's are refused. Say authorization: true where the EtcdCluster is made, and what each client may do; or authorization: false, which turns it off"
fi
