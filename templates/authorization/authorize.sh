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

work=$(mktemp -d "$RUN/authorize.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ "${1:-}" = --show ]; then
  printf '%s\n' AuthStatus UserList RoleList | auth_calls "$SELF" >"$work/names" &&
    sed -n -e 's/^user /UserGet /p' -e 's/^role /RoleGet /p' "$work/names" | auth_calls "$SELF" >"$work/details" ||
    fail "does not say who may do what. Bring it back to health (etcdctl endpoint health --cluster), then ask again"
  grep -hv '^revision ' "$work/names" "$work/details"
  exit
fi
cat >"$work/declared"

# Names and keys as people write them; what can't be printed is left out.
written() { [ "$1" = - ] || printf %s "$1" | basenc --base16 -d | tr -cd '[:print:]'; }

# What is there, in the form of what is declared. Of roles that are not ours only the names are asked for.
read_actual() {
  printf '%s\n' AuthStatus UserList RoleList | auth_calls "$SELF" >"$work/names" || return 1
  sed -n -e 's/^user /UserGet /p' -e "s/^role \($OURS.*\)/RoleGet \1/p" "$work/names" | auth_calls "$SELF" >"$work/details" || return 1
  cat "$work/names" "$work/details" >"$work/actual"
}

# The edits that make what is there what is declared, one a line, after the number of the round they belong to. Whoever stays is never
# without what is declared for it: first what is given, then authorization, and only then what is taken away. Before anything is, a
# role says that sessions have to end, so that they do even if this is cut off in between. Without authorization nobody loses anything.
edits() {
  changes >"$work/changes"
  if grep -qx 'enabled yes' "$work/declared" && grep -q '^[456] ' "$work/changes"; then
    echo "3 RoleAdd $CUT_ROLE$(printf %s "$(date +%s)" | basenc --base16)"
    sed -n "s/^role \($CUT_ROLE.*\)/6 RoleDelete \1/p" "$work/actual"
  fi | sort - "$work/changes"
}
changes() {
  { sed 's/^/is /' "$work/actual" && sed 's/^/be /' "$work/declared"; } | awk -v ours="$OURS" -v client="$CLIENT_ROLE" -v root="$ROOT" -v cut="$CUT_ROLE" '
    function is_ours(role) { return index(role, ours) == 1 }
    $2 == "enabled" { if ($1 == "is") on = $3; else wanted = $3; next }
    $2 == "permission" {
      range = $3 " " $5 " " $6
      if ($1 == "is") has[range] = $4; else may[range] = $4
      next
    }
    { line = $3 ($2 == "grant" ? " " $4 : ""); if ($1 == "is") is[$2, line] = line; else be[$2, line] = line }
    END {
      if (wanted == "no" && on == "yes") print 0, "AuthDisable"
      for (at in be) if (!(at in is)) {
        split(at, word, SUBSEP)
        if (word[1] == "role") print 1, "RoleAdd", be[at]
        else if (word[1] == "user") print 1, "UserAdd", be[at]
        else print 3, "UserGrantRole", be[at]
      }
      for (range in may) {
        known = range in has
        if (known && has[range] == may[range]) continue
        split(range, part, " ")
        # It takes the place of another permission for the same keys. In place of that, one that only reads takes something away.
        print (known && may[range] == "read" ? 5 : 2), "RoleGrantPermission", part[1], may[range], part[2], part[3]
      }
      if (wanted == "yes" && on != "yes") print 4, "AuthEnable"
      for (range in has) if (!(range in may)) {
        split(range, part, " ")
        if (("role", part[1]) in be) print 5, "RoleRevokePermission", range
      }
      for (at in is) if (!(at in be)) {
        split(at, word, SUBSEP); split(is[at], part, " ")
        # What says that sessions have to end goes with the last of ours.
        if (word[1] == "role" && is_ours(is[at]) && (wanted == "no" || index(is[at], cut) != 1)) print 6, "RoleDelete", is[at]
        else if (word[1] == "user" && is[at] != root && (("grant", is[at] " " client is[at]) in is)) print 5, "UserDelete", is[at]
        else if (word[1] == "grant" && (("user", part[1]) in be) && is_ours(part[2])) print 5, "UserRevokeRole", is[at]
      }
    }'
}

# What was made by hand, which stays as it is.
tell_others() {
  { sed 's/^/is /' "$work/actual" && sed 's/^/be /' "$work/declared"; } | awk -v ours="$OURS" -v root="$ROOT" '
    $1 == "be" { be[$2, $3, $4] = 1; next }
    $2 == "role" && index($3, ours) != 1 && $3 != root { print "role", $3 }
    $2 == "user" { user[$3] = 1 }
    $2 == "grant" { grant[$3 " " $4] = 1 }
    END {
      for (name in user) if (name != root && !(("user", name, "") in be)) print "user", name
      for (line in grant) {
        split(line, part, " ")
        if (("user", part[1], "") in be && !(("grant", part[1], part[2]) in be)) print "grant", line
      }
    }' | sort | while read -r kind name role; do
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
    if [ "$count" -le 20 ]; then
      # shellcheck disable=SC2046,SC2086 # words
      while read -r call; do describe $call; done <"$work/round"
    fi
    if grep -qx 'enabled yes' "$work/actual" && leads "$SELF"; then await_quiet; fi
    auth_calls "$SELF" <"$work/round" || return 1
  done
}

attempt=1
while read_actual && edits >"$work/edits"; do
  if [ ! -s "$work/edits" ]; then
    tell_others
    say "users, roles and permissions are as declared"
    exit 0
  fi
  [ "$attempt" -le 5 ] || break
  edit || sleep 1
  attempt=$((attempt + 1))
done
fail "not all users, roles and permissions could be made what is declared; nobody has more than is declared or was there before. Bring the members back to health (etcdctl endpoint health --cluster), then deploy again to carry on"
