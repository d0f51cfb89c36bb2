# shellcheck shell=sh
# Sourced after common.sh: lists of members. A list has a line for each member, with these columns in this order, and no
# script but this one picks members or columns out of it:
#   id       hexadecimal, as etcdctl takes it
#   name     "-" for a member that was added and has never started
#   peer     the URL that its peers reach it at
#   client   the URL that clients reach it at; "-" for a member that has never been in service
#   learner  true for a learner, false for a voter
# A script that goes through a list reads all columns by these names: while read -r id name peer client learner.

# --- Lists

# All members, by the word of whoever answers, this member first; empty if nobody does.
members() {
  _known=$(members_by "$SELF $OTHERS")
  # If this member is cut off, etcdctl spends all its time on it. The others may answer without it.
  [ -n "$_known" ] || [ -z "$OTHERS" ] || _known=$(members_by "$OTHERS")
  [ -z "$_known" ] || echo "$_known"
}

# All members, by the word of whoever answers at these client URLs.
members_by() { # members_by URLS
  ctl "$1" member list 2>/dev/null |
    awk -F', ' '{ print $1, ($3 == "" ? "-" : $3), $4, ($5 == "" ? "-" : $5), $6 }'
}

# All members, for decisions that must not miss one: fails if the list can't be had.
all_members() {
  for _ in 1 2 3 4 5; do
    _list=$(members)
    if [ -n "$_list" ]; then
      echo "$_list"
      return 0
    fi
    sleep 1
  done
  fail "the members can't be listed just now. Bring them back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
}

# The member at this machine's peer address.
own_entry() { members | member_at "$PEER_URL"; }

# --- Members of a list: each of these reads a list, and prints those of its lines that are meant

voters() { where learner = false; }
learners() { where learner = true; }
# Those that have been in service, so that they have a client URL.
ever_started() { where client != -; }
never_started() { where client = -; }
# Those on other machines.
others() { where peer != "$PEER_URL"; }
member_at() { where peer = "$1"; } # member_at PEER_URL
member_with_id() { where id = "$1"; } # member_with_id ID
# While a machine is replaced there may be two members of one name.
members_named() { where name = "$1"; } # members_named NAME
members_not_named() { where name != "$1"; } # members_not_named NAME
without_id() { where id != "$1"; } # without_id ID

# --- Columns of a list: each of these reads a list, and prints one column of it

ids() { column id; }
names() { column name; }
clients() { column client; }
client_of() { members_named "$1" | clients | head -n 1; } # client_of NAME

# --- What the above is made of, without any process of its own

# where COLUMN OPERATOR VALUE: the members whose column is VALUE (=), or is not (!=).
where() {
  while read -r _id _name _peer _client _learner; do
    # An empty list that was echoed is an empty line.
    [ -n "$_id" ] || continue
    value_of "$1"
    if test "$_value" "$2" "$3"; then echo "$_id $_name $_peer $_client $_learner"; fi
  done
}
column() { # column COLUMN
  while read -r _id _name _peer _client _learner; do
    [ -n "$_id" ] || continue
    value_of "$1"
    echo "$_value"
  done
}
# Leaves the column of the line that was read last in $_value.
value_of() { # value_of COLUMN
  case $1 in
  id) _value=$_id ;;
  name) _value=$_name ;;
  peer) _value=$_peer ;;
  client) _value=$_client ;;
  learner) _value=$_learner ;;
  esac
}

# --- Changes

# remove_member URLS ID: has the members at these client URLs remove that one. If etcd refuses, prints why, and fails. etcd
# refuses until the leader has been connected with a quorum of those that stay for 5 s: a new leader needs as long.
remove_member() {
  _last=$(($(date +%s) + 30))
  until _out=$(ctl "$1" member remove "$2" 2>&1); do
    # The answer to an earlier try may have been lost.
    case $_out in *"member not found"*) return 0 ;; esac
    if [ "$(date +%s)" -ge "$_last" ]; then
      echo "$_out" | tail -n 1
      return 1
    fi
    sleep 1
  done
}

# Removes a member that nothing can go on with.
must_remove() { # must_remove URLS ID WHOM
  _why=$(remove_member "$1" "$2") || fail "$3 was not removed: $_why. Bring the other members back to health, then deploy again"
}
