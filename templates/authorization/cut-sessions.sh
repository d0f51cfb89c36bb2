#!/bin/sh
# cut-sessions: once authorize has taken something away, ends all connections of clients to this member, so that those who lost it lose
# what they have open, too: watches, leases that they keep alive, locks. Looks first: authorize leaves a role of a name of its own in
# etcd whenever it takes something away, and this member notes for which it has cut.
# shellcheck source=../rollout/common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=auth-calls.sh
. /usr/local/lib/cdktf-etcd/auth-calls.sh
# shellcheck source=sessions.sh
. /usr/local/lib/cdktf-etcd/sessions.sh

CUT_NOTE=$NOTES/sessions-cut

# etcd answers once this member has applied all edits before this call. So whoever connects from here on is held to them.
roles=$(echo RoleList | auth_calls "$SELF") ||
  fail "does not say whether sessions have to end. Bring it back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
taken=$(echo "$roles" | grep "^role $CUT_ROLE" | sort) || exit 0
[ "$taken" != "$(cat "$CUT_NOTE" 2>/dev/null)" ] || exit 0
cut_sessions 2379
note "$CUT_NOTE" "$taken"
