# shellcheck shell=sh disable=SC2034,SC2154 # the facts are activate's, and so is the decision
# Sourced by activate: what it does next, by the facts that it has found out. Nothing is asked or changed here.
#   data      none: no data; stump: etcd's directory without a log; log
#   born      yes: this member was part of a quorum since it last began with nothing
#   started   what etcd was given when it began with its data: recorded (as the genesis record says), otherwise, or existing
#   learner   yes: the cluster lists this machine as a learner
#   recovery  what the code asks of this member that it has not seen yet: none, survivor (found the cluster anew from its data), or follow
#   founder   yes: the genesis record names this machine, and its disk is the one that was there when that was made
#   asked     yes: the other machines were, and told
#   running   elsewhere: declared members run a cluster; leaving: machines do that are on their way out; nobody
#   seat      vacant: the cluster has this machine as a voter that never started; none: it doesn't
#   company   yes: there are other machines
# Leaves in $decision what to do: ask the others; set-aside-* and clear, after which it is asked again; or the end:
#   recover, carry-on, restart, start-again, found, join-now, join-later, refuse-recovery, refuse
decide() {
  case $data in
  log) decide_with_data ;;
  stump)
    if [ "$born" = yes ]; then decision=set-aside-without-log; else decision=clear; fi
    ;;
  none)
    if [ "$asked" = no ]; then decision=ask; else decide_without_data; fi
    ;;
  esac
}

decide_with_data() {
  if [ "$born" = yes ] && [ "$recovery" = survivor ]; then
    decision=recover
  elif [ "$born" = yes ] && [ "$recovery" = follow ]; then
    # Another survivor's data belong to the cluster that is no more.
    decision=set-aside-before-recovery
  elif [ "$born" = no ] && [ "$recovery" = survivor ] && [ "$started" != existing ]; then
    decision=refuse-recovery
  elif [ "$started" = existing ] && { [ "$born" = no ] || [ "$learner" = yes ]; }; then
    decision=carry-on
  elif [ "$born" = yes ]; then
    decision=restart
  elif [ "$started" = recorded ]; then
    decision=start-again
  else
    # A founder that never saw a quorum holds nothing of value, and its data only fits what it was started with.
    decision=set-aside-unborn
  fi
}

# Who has nothing takes nobody's place: it founds if this very disk was there when the cluster was declared and never held its data, and joins in any other case.
decide_without_data() {
  if [ "$recovery" = survivor ] && [ "$running" != elsewhere ]; then
    decision=refuse-recovery
  elif [ "$founder" = yes ] && [ "$recovery" = none ] && [ "$born" = no ] && { [ "$seat" = vacant ] || [ "$running" != elsewhere ]; }; then
    decision=found
  elif [ "$running" != nobody ]; then
    decision=join-now
  elif [ "$company" = yes ]; then
    decision=join-later
  else
    decision=refuse
  fi
}
