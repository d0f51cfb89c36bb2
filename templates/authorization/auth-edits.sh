# shellcheck shell=sh
# Sourced after auth-calls.sh: what has to be done to users, roles and permissions. What is there (ACTUAL) and what is declared
# (DECLARED) are files of lines as auth-calls.sh prints them.

# Both on standard output, each line after "is" or "be".
both() { sed 's/^/is /' "$1" && sed 's/^/be /' "$2"; } # both ACTUAL DECLARED

# The edits that make what is there what is declared, one a line, after the number of the round they belong to. Whoever stays is never
# without what is declared for it: first what is given, then authorization, and only then what is taken away. Before anything is, a
# role says that sessions have to end, so that they do even if this is cut off in between. Without authorization nobody loses anything.
edits() { # edits ACTUAL DECLARED
  _changes=$(changes "$1" "$2")
  {
    echo "$_changes" | grep . || true
    if grep -qx 'enabled yes' "$2" && echo "$_changes" | grep -q '^[456] '; then
      echo "3 RoleAdd $CUT_ROLE$(printf %s "$(date +%s%N)" | basenc --base16)"
      sed -n "s/^role \($CUT_ROLE.*\)/6 RoleDelete \1/p" "$1"
    fi
  } | sort
}

changes() { # changes ACTUAL DECLARED
  both "$1" "$2" | awk -v ours="$OURS" -v client="$CLIENT_ROLE" -v root="$ROOT" -v cut="$CUT_ROLE" '
    function is_ours(role) { return index(role, ours) == 1 }
    $2 == "enabled" { if ($1 == "is") on = $3; else wanted = $3; next }
    $2 == "revision" { next }
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

# What was made by hand, which stays as it is: "role ROLE", "user USER", and "grant USER ROLE" for users that are declared.
made_by_hand() { # made_by_hand ACTUAL DECLARED
  both "$1" "$2" | awk -v ours="$OURS" -v root="$ROOT" '
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
    }' | sort
}
