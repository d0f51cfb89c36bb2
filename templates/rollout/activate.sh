#!/bin/sh
# Puts what install has staged, and lay-down has laid down, into service on this member: looks at what there is, decides by the
# table below, and does that. The steps of a deploy call it on one member at a time.
#
# The first line that fits decides; "-" fits anything. After the decisions in brackets it looks again. decide.sh is this table
# as a script, and a test holds the two together for every combination of facts.
#
#   data   born  started    learner  recovery  founder  running    seat    company  decision
#   log    yes   -          -        survivor  -        -          -       -        recover
#   log    yes   -          -        follow    -        -          -       -        (set-aside-before-recovery)
#   log    no    recorded   -        survivor  -        -          -       -        refuse-recovery
#   log    no    otherwise  -        survivor  -        -          -       -        refuse-recovery
#   log    no    existing   -        -         -        -          -       -        carry-on
#   log    yes   existing   yes      -         -        -          -       -        carry-on
#   log    yes   -          -        -         -        -          -       -        restart
#   log    no    recorded   -        -         -        -          -       -        start-again
#   log    no    otherwise  -        -         -        -          -       -        (set-aside-unborn)
#   stump  yes   -          -        -         -        -          -       -        (set-aside-without-log)
#   stump  no    -          -        -         -        -          -       -        (clear)
#   none   -     -          -        -         -        unasked    -       -        (ask)
#   none   -     -          -        survivor  -        leaving    -       -        refuse-recovery
#   none   -     -          -        survivor  -        nobody     -       -        refuse-recovery
#   none   no    -          -        none      yes      elsewhere  vacant  -        found
#   none   no    -          -        none      yes      leaving    -       -        found
#   none   no    -          -        none      yes      nobody     -       -        found
#   none   -     -          -        -         -        elsewhere  -       -        join-now
#   none   -     -          -        -         -        leaving    -       -        join-now
#   none   -     -          -        -         -        nobody     -       yes      join-later
#   none   -     -          -        -         -        nobody     -       no       refuse
#
#   data      what is in etcd's data directory: a log, and so what this member knows; a stump: something, but no log; or none
#   born      yes: this member has been part of a quorum since it was last founded or joined
#   started   what etcd was given when it began without data: founders as the genesis record has them now (recorded), founders
#             of another record (otherwise, also if nothing is known), or an existing cluster to join
#   learner   yes: the cluster has this machine as a learner
#   recovery  what ClusterOrigin.fromSurvivor asks of this member, until it has been done: found the cluster anew from its own data
#             (survivor), join the one that another member has founded anew (follow), or none
#   founder   yes: the genesis record names this machine, and this is the disk that it had when the record was made
#   running   who runs a cluster: declared members (elsewhere), machines on their way out (leaving), or nobody; unasked: only a
#             machine without data has to know
#   seat      vacant: that cluster has this machine as a voter that has never been in service; none: it has not
#   company   yes: there are other machines, declared or on their way out
# shellcheck source=common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=members.sh
. /usr/local/lib/cdktf-etcd/members.sh
# shellcheck source=liveness.sh
. /usr/local/lib/cdktf-etcd/liveness.sh
# shellcheck source=decide.sh
. /usr/local/lib/cdktf-etcd/decide.sh

# --- Facts

# A value that etcd was given for its first start.
bootstrap() { sed -n "s/^$1=//p" /etc/etcd/bootstrap.env 2>/dev/null; } # bootstrap NAME

# Which founding this member's data belongs to, or belonged to before it was set aside.
founding() { cat "$FOUNDED" 2>/dev/null || echo 1; }

# Whether the genesis record names this machine.
recorded() { [ "$FOUNDER_MACHINE_ID" = "$MACHINE_ID" ]; }

# Whether etcd was started with what this machine would found with now.
started_as_recorded() {
  recorded && [ "$(bootstrap ETCD_INITIAL_CLUSTER)" = "$INITIAL_CLUSTER" ] || return 1
  if [ -z "$RESTORE_SNAPSHOT" ] && [ -n "$FOUNDED_FROM" ]; then return 0; fi
  [ "$(cat "$RESTORED" 2>/dev/null)" = "$RESTORE_SNAPSHOT" ]
}

# Finds out what this machine tells of itself.
look() {
  data=none born=no started=otherwise learner=no recovery=none founder=no company=no
  if [ -e "$DATA/wal" ]; then data=log; elif [ -e "$DATA" ]; then data=stump; fi
  [ ! -e "$BORN" ] || born=yes
  if [ "$(bootstrap ETCD_INITIAL_CLUSTER_STATE)" = existing ]; then
    started=existing
  elif started_as_recorded; then
    started=recorded
  fi
  # A learner's own etcd does not list the members; and all voters may be on machines on their way out.
  if [ "$data" = log ] && [ "$started" = existing ] && [ -n "$(members_by "$SELF $OTHERS $LEAVING" | member_at "$PEER_URL" | learners)" ]; then
    learner=yes
  fi
  if [ -n "$RECOVER_FROM" ] && [ "$(founding)" -lt "$GENESIS" ]; then
    if [ "$MEMBER" = "$RECOVER_FROM" ]; then recovery=survivor; else recovery=follow; fi
  fi
  if recorded && [ "$(cat "$MAY_FOUND" 2>/dev/null)" = "$GENESIS" ]; then founder=yes; fi
  [ -z "$OTHERS$LEAVING" ] || company=yes
}

# Finds out what the other machines tell. That may take a while, so it is done only where it decides.
ask_others() {
  running=nobody seat=none
  if [ -n "$(running_elsewhere)" ]; then
    running=elsewhere
    # Of a cluster that has lost its majority for good, members may still be up: they run none.
    if [ "$recovery" = survivor ] && ! commits "$OTHERS"; then running=nobody; fi
    if [ -n "$(own_entry | voters | never_started)" ]; then seat=vacant; fi
  elif [ -n "$(running_on_leaving)" ]; then
    running=leaving
  fi
}

# --- Actions

# The client URLs of those machines on their way out for which TEST holds. Tests ask at peer ports, which answer even without a
# quorum, and take any certificate: it may be for the machine's address on another network.
each_leaving() { # each_leaving TEST
  for _url in $LEAVING; do
    if "$1" "$_url"; then echo "$_url"; fi
  done | paste -sd' ' -
}
# Whether the member at this client URL has been part of a running cluster.
was_born() { ask_peer_url --insecure "${1%:2379}:2380/members" 2>/dev/null | grep -q '"clientURLs":\["http'; }
# Whether it refuses this machine's certificate, as a peer or as a client.
refuses_us() { refused ask_peer_url "${1%:2379}:2380/version" || refused ask_client_url "$1/version"; }
refused() { # refused ASK URL
  "$@" --insecure -o /dev/null 2>/dev/null && return 1
  # curl's codes for a connection that was ended in the TLS handshake, or by the other side after it.
  case $? in 35 | 56) ;; *) return 1 ;; esac
}
# Whether nothing answers for it: it is off, or etcd does not run there.
is_silent() { ! answers "${1%:2379}:2380" -; }

# Refuses to found an empty cluster in the place of one that has data.
check_founding() {
  [ -z "$RESTORE_SNAPSHOT" ] || return 0
  # It would begin empty, and take the others' log without the backup that this log goes on from.
  [ -z "$FOUNDED_FROM" ] ||
    fail "the cluster is founded from the backup $FOUNDED_FROM, and this member has not been yet: put ClusterOrigin.fromBackup back until all members are healthy. No member was changed"
  for test in was_born refuses_us; do
    with_data=$(each_leaving "$test")
    [ -z "$with_data" ] ||
      fail "an EMPTY cluster would be founded, and the machines with the data of the old one ($with_data) destroyed. If no edit asked for that, Terraform's state was lost: put its backup back (see 'A deploy that was killed' in docs/operations.md). To take the data along, count 'generation' up once more, leave 'founding' as it is now, and deploy: machines that are made after this founding was declared join. To begin with a backup, name it in ClusterOrigin.fromBackup; to begin with nothing, destroy the old cluster first (cdktf destroy). Nothing was changed"
  done
  silent=$(each_leaving is_silent)
  [ -z "$silent" ] ||
    fail "an EMPTY cluster would be founded, and machines destroyed that may hold the data of the old one, as they don't tell ($silent). Start them, and etcd on them, then deploy again; if there is nothing to keep on them, destroy them at the provider first, then deploy again. Nothing was changed"
}

# Waits for nobody: there is a quorum only once enough founders have started. Converge waits for that.
found() {
  check_founding
  /usr/local/lib/cdktf-etcd/restore-snapshot
  say "founding the cluster with $INITIAL_CLUSTER"
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=new\n' "$INITIAL_CLUSTER" >/etc/etcd/bootstrap.env
  note "$FOUNDED" "$GENESIS"
  systemctl restart --no-block etcd
}

set_aside() { # set_aside SUFFIX
  systemctl stop etcd || true
  mv /var/lib/etcd "/var/lib/etcd.$1.$(date +%s)"
}

check_joining_leaving() {
  # Over the client port etcd would add a learner whose certificate its members refuse as a peer's.
  refusing=$(each_leaving refuses_us)
  [ -z "$refusing" ] ||
    fail "the members that this machine is to join ($refusing) refuse its certificate: this deploy would replace machines and change an authority at once. Take one of the two edits back, and deploy them one after the other. No member was changed"
  [ "$running" = nobody ] || [ -z "$RESTORE_SNAPSHOT" ] || [ "$RESTORE_SNAPSHOT" = "$FOUNDED_FROM" ] ||
    fail "$RESTORE_SNAPSHOT would not be restored: the machines that are to go hold a running cluster, and this one would join it. Count 'founding' up, too, or take the backup out of 'origin', and deploy again. No member was changed"
}

join() {
  note_restore "$RESTORE_SNAPSHOT"
  [ "$running" = elsewhere ] || check_joining_leaving
  exec /usr/local/lib/cdktf-etcd/join
}

join_later() {
  note_restore "$RESTORE_SNAPSHOT"
  check_joining_leaving
  # Enabled, so that it goes on after a reboot.
  systemctl enable --quiet etcd-join.service
  systemctl start --no-block etcd-join.service
  say "has no data of the cluster's, and no other member answers yet: joining as soon as one does"
}

# --- The rollout of this member

end_waiting_join
stop_forcing
[ -z "$ADOPTED_PEER_URLS" ] || [ -e "$DATA" ] || /usr/local/lib/cdktf-etcd/check-adoption

running=unasked seat=none
while :; do
  look
  decide
  case $decision in
  ask) ask_others ;;
  clear)
    # etcd makes this directory before it finds out that it can't start. It never held any data.
    systemctl stop etcd || true
    rm -rf "$DATA"
    ;;
  set-aside-without-log)
    say "setting aside what is left of its data: the log is gone"
    set_aside without-log
    ;;
  set-aside-before-recovery)
    say "setting aside the data of the cluster that lost its majority"
    set_aside before-recovery
    rm -f "$BORN"
    ;;
  set-aside-unborn)
    say "setting aside the data of a birth that never completed"
    set_aside unborn
    ;;
  recover) /usr/local/lib/cdktf-etcd/recover ;;
  carry-on)
    say "carrying on a join that was interrupted"
    # Nobody misses a learner: it may restart at once with what has been laid down since it started.
    running_as_laid_down || systemctl restart --no-block etcd
    exec /usr/local/lib/cdktf-etcd/join
    ;;
  restart) exec /usr/local/lib/cdktf-etcd/restart ;;
  start-again)
    say "was started before and still waits for a quorum: starting it again"
    systemctl restart --no-block etcd
    break
    ;;
  found)
    found
    break
    ;;
  join-now) join ;;
  join-later)
    join_later
    break
    ;;
  refuse-recovery) fail "this machine has no data to found the cluster anew from: name a survivor in ClusterOrigin.fromSurvivor. Nothing was changed" ;;
  *)
    fail "this machine ($MACHINE_ID) has no data of the cluster's, may not found one, and there is no other member to join." \
      "If the cluster was never healthy, or all its data is lost for good, count 'founding' of the cluster's origin up by one and deploy again: that founds a NEW, EMPTY cluster"
    ;;
  esac
done
