#!/bin/sh
# Takes over notes that earlier versions of this library kept in directories of etcd's user. It runs before anything looks for notes,
# and once more before lay-down removes those directories. etcd's user may have put links, pipes or other texts there, so a note is
# taken only if it has the form that ours have.
set -eu
umask 022
old=/var/lib/cdktf-etcd old_run=/run/etcd
notes=/var/lib/cdktf-etcd-node run=/run/cdktf-etcd
install -d -m 0755 "$notes" "$run"

take() { # take FILE INTO FORM
  [ -f "$1" ] && [ ! -L "$1" ] || return 0
  _text=$(timeout 5 head -c 255 "$1" 2>/dev/null) || return 0
  printf '%s' "$_text" | grep -qx "$3" || return 0
  printf '%s' "$_text" >"$2.new"
  mv -f "$2.new" "$2"
}

if [ -d "$old" ]; then
  take "$old/founded" "$notes/founded" '[0-9]\{1,7\}'
  take "$old/restored" "$notes/restored" '[A-Za-z0-9][A-Za-z0-9_.-]*[.]db'
  if [ -e "$old/born" ] && [ ! -e "$notes/born" ]; then
    # Keeps its time: without any backup, the cluster's age decides whether one is overdue.
    : >"$notes/born.new"
    touch -d "@$(stat -c %Y "$old/born")" "$notes/born.new"
    mv -f "$notes/born.new" "$notes/born"
  fi
fi
for file in starting started; do
  take "$old_run/$file.sha256" "$run/$file.sha256" '[0-9a-f]\{64\}'
done
if [ -e "$old_run/handed-over" ]; then : >"$run/handed-over"; fi
