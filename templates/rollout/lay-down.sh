#!/bin/sh
# Puts what install has staged into its place, and restarts nothing. Files are renamed one by one, so if it is cut off, the next
# deploy moves the rest.
set -eu
umask 077
stage=/etc/etcd/staged
[ -d "$stage" ] || exit 0
# This script, cut off earlier, may have moved migrate already.
scripts=$stage/usr/local/lib/cdktf-etcd
[ -x "$scripts/migrate" ] || scripts=/usr/local/lib/cdktf-etcd
"$scripts/migrate"

# Certificates and keys change together, by one rename of a link: etcd reads them anew for each connection.
[ ! -L "$stage/pki" ] || mv -fT "$stage/pki" /etc/etcd/pki
current=$(readlink /etc/etcd/pki)
find /etc/etcd/pki.d -mindepth 1 -maxdepth 1 ! -name "${current##*/}" -exec rm -rf {} +

# etcd may start by itself at any moment, with some files old and some new. The hash that it notes then must not be the one of what
# is laid down, so there is none until all files are in place.
restart=/etc/etcd/restart.sha256
if [ -e "$stage$restart" ] && ! cmp -s "$stage$restart" "$restart"; then
  (umask 022 && echo "being laid down" >"$restart.new")
  mv -f "$restart.new" "$restart"
fi

install -d -m 0700 /etc/etcd/admin
# A directory at a time: starting a program for each file would take most of the time on a small machine.
(umask 022 && find "$stage" -mindepth 1 -type d -printf '/%P\n' | xargs mkdir -p)
find "$stage" -mindepth 1 -type d -printf '/%P\n' | while read -r directory; do
  find "$stage$directory" -maxdepth 1 -type f ! -path "$stage$restart" -exec mv -f -t "$directory" {} +
done

# shellcheck source=/dev/null
. /etc/etcd/declared.env
for tool in etcd etcdctl etcdutl; do ln -sfn "/opt/etcd/$VERSION/$tool" "/usr/local/bin/$tool"; done
refused=$(sysctl -q -e -p /etc/sysctl.d/60-etcd-wan.conf 2>&1) ||
  echo "$MEMBER: its kernel keeps settings of its own, which makes etcd slower at most: $(echo "$refused" | head -n 1)"
# --no-reload: systemd reads all units anew once, below.
timers() { sed -n "s/^$1 //p" /etc/etcd/timers; } # timers enable|disable
timers enable | xargs systemctl enable --no-reload --quiet etcd
timers disable | xargs -r systemctl disable --no-reload --quiet
systemctl daemon-reload
# From here on etcd starts with all that is new.
[ ! -e "$stage$restart" ] || mv -f "$stage$restart" "$restart"
timers enable | xargs -r systemctl start
timers disable | xargs -r systemctl stop
# Members' addresses may have changed. etcd needs no restart for that, but routes to peers have to follow, and what other programs
# are told.
if timers enable | grep -qxF etcd-streams.timer; then systemctl start etcd-streams.service || true; fi
# As etcd's user, whose directory it is: root does not write where another user may have put a link.
if systemctl is-active --quiet etcd || [ -e /run/etcd/endpoint.env ]; then
  setpriv --reuid=etcd --regid=etcd --init-groups /usr/local/lib/cdktf-etcd/publish-endpoint ||
    echo "$MEMBER: other programs on this machine are not told where the members are now: remove what lies in the way of /run/etcd/endpoint.env, then restart etcd"
fi
# Notes and scripts of earlier versions, which no unit uses any more. A start of etcd may have written some meanwhile.
/usr/local/lib/cdktf-etcd/migrate
rm -rf /var/lib/cdktf-etcd /run/etcd/starting.sha256 /run/etcd/started.sha256 /run/etcd/handed-over /usr/local/lib/cdktf-etcd/note-start
rm -rf "$stage"
