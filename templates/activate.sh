#!/bin/sh
# Puts what install laid down into service: found, nothing to restart, restart or join (docs/architecture.md).
# Called for one member at a time.
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh

# A join that still waits in the background would go its own way beside this: what it wanted is decided anew here.
if systemctl is-enabled --quiet etcd-join.service; then
  systemctl disable --now --quiet etcd-join.service
  systemctl reset-failed etcd-join.service 2>/dev/null || true
fi

# Machines on their way out, by their client URLs. Their peer ports answer without a quorum too. Their own names do not matter
# for what is asked, and may be those of another network.
each_leaving() { # each_leaving TEST
  for _url in $(echo "$LEAVING" | tr ',' ' '); do
    if "$1" "$_url"; then echo "$_url"; fi
  done | paste -sd' ' -
}
# Whether it has been part of a running cluster.
was_born() { ask_peer_url --insecure "${1%:2379}:2380/members" 2>/dev/null | grep -q '"clientURLs":\["http'; }
# Whether it refuses this machine's certificate, as a peer's or as a client's.
refuses_us() { refused ask_peer_url "${1%:2379}:2380/version" || refused ask_client_url "$1/version"; }
refused() { # refused ASK URL
  "$@" --insecure -o /dev/null 2>/dev/null && return 1
  # curl's words for a connection that TLS, or the other side after that, has ended.
  case $? in 35 | 56) ;; *) return 1 ;; esac
}

# An empty cluster never takes the place of one that has data.
check_founding() {
  [ -z "$RESTORE_SNAPSHOT" ] || return 0
  for test in was_born refuses_us; do
    with_data=$(each_leaving "$test")
    [ -z "$with_data" ] ||
      fail "an EMPTY cluster would be founded, and the machines with the data of the old one ($with_data) destroyed. If no edit asked for that, Terraform's state was lost: put its backup back (see 'A deploy that was killed' in docs/operations.md). To take the data along, count 'generation' up once more, leave 'genesis' as it is now, and deploy: machines that are made after this founding was declared join. To begin with a backup, name it in 'restore'; to begin with nothing, destroy the old cluster first (cdktf destroy). Nothing was changed"
  done
}

is_founder() { [ "$FOUNDER_MACHINE_ID" = "$MACHINE_ID" ]; }

# Which founding this member's data belongs to, or belonged.
founding() { cat "$FOUNDED" 2>/dev/null || echo 1; }

# Whether the code asks for the cluster to be founded anew from a member's data, and this one has not seen that yet.
recovery_is_due() { [ -n "$RECOVER_FROM" ] && [ "$(founding)" -lt "$GENESIS" ]; }

# Whether it was part of this cluster while it was healthy. Founding again what it was founded with would bring it back under its
# old identity with nothing in its log, and the others may only be out of reach.
lost_its_data() { [ ! -e "$DATA" ] && [ -e "$BORN" ] && [ "$(founding)" -ge "$GENESIS" ]; }

# Founding waits for nobody: a quorum exists only when enough founders have started.
found() {
  check_founding
  # Its raft would take the others' log on top of nothing.
  if [ -z "$RESTORE_SNAPSHOT" ] && [ -n "$FOUNDED_FROM" ]; then
    fail "the cluster is founded from the backup $FOUNDED_FROM, and this member has not been yet: put 'restore' back until all members are healthy. No member was changed"
  fi
  /usr/local/lib/cdktf-etcd/restore-snapshot
  say "founding the cluster with $INITIAL_CLUSTER"
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=new\n' "$INITIAL_CLUSTER" >/etc/etcd/bootstrap.env
  mkdir -p "${FOUNDED%/*}"
  rm -f "$BORN"
  echo "$GENESIS" >"$FOUNDED"
  systemctl restart --no-block etcd
}

set_aside() { # set_aside SUFFIX
  systemctl stop etcd || true
  mv /var/lib/etcd "/var/lib/etcd.$1.$(date +%s)"
}

# A value that etcd was given for its first start.
bootstrap() { sed -n "s/^$1=//p" /etc/etcd/bootstrap.env 2>/dev/null; } # bootstrap NAME

# Whether what a founder was started with is no longer what it is to found with.
founded_otherwise() {
  [ "$(bootstrap ETCD_INITIAL_CLUSTER)" = "$INITIAL_CLUSTER" ] || return 0
  if [ -z "$RESTORE_SNAPSHOT" ] && [ -n "$FOUNDED_FROM" ]; then return 1; fi
  [ "$(cat "$RESTORED" 2>/dev/null)" != "$RESTORE_SNAPSHOT" ]
}

# Whether a join was interrupted: from when the learner is started until it votes. A learner does not list the members, and all
# that vote may be on machines on their way out.
joining() {
  [ "$(bootstrap ETCD_INITIAL_CLUSTER_STATE)" = existing ] || return 1
  [ ! -e "$BORN" ] || [ "$(members_by "$SELF$OTHERS$LEAVING" | awk -v url="$PEER_URL" '$3 == url { print $5 }')" = true ]
}

join() {
  note_restore "$RESTORE_SNAPSHOT"
  if [ -n "$(running_elsewhere)" ]; then
    exec /usr/local/lib/cdktf-etcd/join
  fi
  if { ! is_founder || lost_its_data; } && [ -n "$OTHERS$LEAVING" ]; then
    # etcd would take a learner over the client port that its peers never let in.
    refusing=$(each_leaving refuses_us)
    [ -z "$refusing" ] ||
      fail "the members that this machine is to join ($refusing) refuse its certificate: this deploy would replace machines and change an authority at once. Take one of the two edits back, and deploy them one after the other. No member was changed"
    if [ -n "$(running_on_leaving)" ]; then
      [ -z "$RESTORE_SNAPSHOT" ] || [ "$RESTORE_SNAPSHOT" = "$FOUNDED_FROM" ] ||
        fail "$RESTORE_SNAPSHOT would not be restored: the machines that are to go hold a running cluster, and this one would join it. Count 'genesis' up, too, or take 'restore' out, and deploy again. No member was changed"
      exec /usr/local/lib/cdktf-etcd/join
    fi
    if lost_its_data; then missing="has lost its data"; else missing="was not there at the cluster's birth"; fi
    say "$missing and no other member answers yet: joining as soon as one does"
    # Enabled, so that a reboot in between does not forget it.
    systemctl enable --quiet etcd-join.service
    systemctl start --no-block etcd-join.service
    exit 0
  fi
  fail "this machine ($MACHINE_ID) is not in the genesis record and there is no other member to join." \
    "If the cluster was never healthy, or all its data is lost for good, count the prop 'genesis' of EtcdCluster up by one and deploy again: that founds a NEW, EMPTY cluster"
}

stop_forcing

if [ -e "$DATA" ] && [ ! -e "$DATA/wal" ]; then
  if [ -e "$BORN" ]; then
    say "setting aside what is left of its data: the log is gone"
    set_aside without-log
  else
    # etcd makes its directory before it looks whether it may start; it never did, and nothing was taken in.
    systemctl stop etcd || true
    rm -rf "$DATA"
  fi
fi

[ -z "$ADOPTED_PEER_URLS" ] || [ -e "$DATA" ] || /usr/local/lib/cdktf-etcd/check-adoption

if [ "$MEMBER" = "$RECOVER_FROM" ] && recovery_is_due && { [ ! -e "$DATA" ] || [ ! -e "$BORN" ]; }; then
  # It may have been replaced since it founded the cluster anew.
  [ -n "$(healthy "${OTHERS#,}")" ] ||
    fail "this machine has no data to found the cluster anew from: name a survivor in 'recoverFrom'. Nothing was changed"
fi
# Another survivor's data belong to the cluster that is no more.
if [ -e "$DATA" ] && [ -e "$BORN" ] && recovery_is_due; then
  if [ "$MEMBER" = "$RECOVER_FROM" ]; then
    /usr/local/lib/cdktf-etcd/recover
  else
    say "setting aside the data of the cluster that lost its majority"
    set_aside before-recovery
    rm -f "$BORN"
  fi
fi

if [ -e "$DATA" ] && joining; then
  say "carrying on a join that was interrupted"
  # A learner is missed by nobody: what was laid down since it started takes effect at once.
  running_as_laid_down || systemctl restart --no-block etcd
  exec /usr/local/lib/cdktf-etcd/join
fi
if [ -e "$DATA" ] && [ -e "$BORN" ]; then
  exec /usr/local/lib/cdktf-etcd/restart
fi
if [ -e "$DATA" ] && is_founder && ! founded_otherwise; then
  say "was started before and still waits for a quorum: starting it again"
  systemctl restart --no-block etcd
  exit 0
fi

if [ -e "$DATA" ]; then
  # A founder that never saw a quorum holds nothing of value; its data only fits the record it was started with. The others
  # may be founded and running by now.
  say "setting aside the data of a birth that never completed"
  set_aside unborn
fi
# The cluster may run already without this founder (it starts late), or it may have gone on after this one lost its disk.
if is_founder && ! lost_its_data && { [ -z "$(running_elsewhere)" ] || [ "$(own_entry | cut -d' ' -f4,5)" = "- false" ]; }; then
  found
else
  join
fi
