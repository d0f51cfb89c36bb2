#!/bin/sh
# Takes over what earlier versions noted in directories of etcd's user: before anything looks for it, and again until lay-down has
# removed those. A user who owns a directory may put links, pipes and other texts there, so only what has the form of ours is taken.
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
    # Its age is the cluster's until there is a backup.
    : >"$notes/born.new"
    touch -d "@$(stat -c %Y "$old/born")" "$notes/born.new"
    mv -f "$notes/born.new" "$notes/born"
  fi
fi
for file in starting started; do
  take "$old_run/$file.sha256" "$run/$file.sha256" '[0-9a-f]\{64\}'
done
if [ -e "$old_run/handed-over" ]; then : >"$run/handed-over"; fi
