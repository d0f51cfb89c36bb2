#!/bin/sh
# authorize: makes etcd's users, roles and permissions what standard input declares, one a line, as auth-calls.sh says:
#   enabled yes|no | user USER | role ROLE | grant USER ROLE | permission ROLE TYPE KEY END
# Reads what is there, and edits the differences only: each edit raises etcd's auth revision, at which it refuses the writes that are
# under way ("revision of auth store is old"); etcd's Go client repeats those.
# What was made by hand stays, and is told.
# authorize --show prints what is there in the same form, with all that was made by hand, and edits nothing.
# shellcheck source=../rollout/common.sh
. /usr/local/lib/cdktf-etcd/common.sh
# shellcheck source=../leader/leadership.sh
. /usr/local/lib/cdktf-etcd/leadership.sh
# shellcheck source=auth-calls.sh
. /usr/local/lib/cdktf-etcd/auth-calls.sh
# shellcheck source=auth-edits.sh
. /usr/local/lib/cdktf-etcd/auth-edits.sh

work=$(mktemp -d "$RUN/authorize.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Names and keys as people write them; what can't be printed is left out.
written() { [ "$1" = - ] || printf %s "$1" | basenc --base16 -d | tr -cd '[:print:]'; }

# What is there, in the form of what is declared. Of roles whose names begin otherwise, only these are asked for.
read_actual() { # read_actual BEGINNING
  printf '%s\n' AuthStatus UserList RoleList | auth_calls "$SELF" >"$work/names" || return 1
  sed -n -e 's/^user /UserGet /p' -e "s/^role \($1.*\)/RoleGet \1/p" "$work/names" | auth_calls "$SELF" >"$work/details" || return 1
  cat "$work/names" "$work/details" >"$work/actual"
}

if [ "${1:-}" = --show ]; then
  read_actual "" || fail "does not say who may do what. Bring it back to health (etcdctl endpoint health --cluster), then ask again"
  grep -v '^revision ' "$work/actual"
  exit
fi
cat >"$work/declared"
grep -q '^enabled ' "$work/declared" || fail "was not told what is declared. Nothing was changed; deploy again"

tell_others() {
  made_by_hand "$work/actual" "$work/declared" | while read -r kind name role; do
    case $kind in
    grant) say "$(written "$name") also has the role $(written "$role"), which is not declared: it was given by hand, and stays" ;;
    *) say "the $kind $(written "$name") was made by hand, and stays as it is" ;;
    esac
  done
}

# Says what an edit does.
describe() { # describe CALL ARGS...
  case $1 in
  AuthEnable) say "turns authorization on: from now on, a client may do what is declared for it" ;;
  AuthDisable) say "turns authorization off: every client may read and write every key" ;;
  RoleAdd | UserAdd) : ;; # those that follow tell more
  UserGrantRole) say "$(written "$2") gets the role $(written "$3")" ;;
  UserRevokeRole) say "$(written "$2") loses the role $(written "$3")" ;;
  UserDelete) say "$(written "$2") is no user any more" ;;
  RoleDelete) say "there is no role $(written "$2") any more" ;;
  RoleGrantPermission) say "$(written "$2") may $3 $(keys "$4" "$5")" ;;
  RoleRevokePermission) say "$(written "$2") has no permission any more for $(keys "$3" "$4")" ;;
  esac
}
keys() { # keys KEY END
  case $2 in
  -) echo "the key $(written "$1")" ;;
  00) echo "all keys" ;;
  *) echo "the keys that begin with $(written "$1")" ;;
  esac
}

# Makes the edits of each round at once, one round after the other. Fails at the first round in which one fails.
edit() {
  count=$(wc -l <"$work/edits")
  if [ "$count" -gt 20 ]; then say "makes $count edits of users, roles and permissions"; fi
  for round in 0 1 2 3 4 5 6; do
    sed -n "s/^$round //p" "$work/edits" >"$work/round"
    [ -s "$work/round" ] || continue
    while read -r call; do
      # shellcheck disable=SC2086 # words
      if [ "$count" -le 20 ] || [ "${call#Auth}" != "$call" ]; then describe $call; fi
    done <"$work/round"
    if grep -qx 'enabled yes' "$work/actual" && leads "$SELF"; then await_quiet; fi
    auth_calls "$SELF" <"$work/round" || return 1
  done
}

attempt=1
while read_actual "$OURS" && edits "$work/actual" "$work/declared" >"$work/edits"; do
  if [ ! -s "$work/edits" ]; then
    tell_others
    say "users, roles and permissions are as declared"
    exit 0
  fi
  [ "$attempt" -le 5 ] || break
  edit || sleep 1
  attempt=$((attempt + 1))
done
fail "not all users, roles and permissions could be made what is declared; no role permits more than is declared for it or it did before. Bring the members back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
