# shellcheck shell=sh disable=SC2034,SC2154 # the facts are activate's, and so is the decision
# Sourced by activate, which begins with a table of this: what it does next, by the facts that it has found out. Leaves that in
# $decision. Nothing is asked or changed here.
decide() {
  case $data in
  log) decide_with_data ;;
  stump)
    if [ "$born" = yes ]; then decision=set-aside-without-log; else decision=clear; fi
    ;;
  none)
    if [ "$running" = unasked ]; then decision=ask; else decide_without_data; fi
    ;;
  esac
}

decide_with_data() {
  if [ "$born" = yes ] && [ "$recovery" = survivor ]; then
    decision=recover
  elif [ "$born" = yes ] && [ "$recovery" = follow ]; then
    # Its data belong to the cluster that the survivor's replaces.
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

# A machine without data takes nobody's place: it founds only if this very disk was there when the genesis record was made and
# has not been part of a quorum since. In any other case it joins.
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
