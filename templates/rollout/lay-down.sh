#!/bin/sh
# Puts what install has staged in its place. Only names change, so that what a kill leaves half-done the next deploy
# carries on. Restarts nothing.
set -eu
umask 077
stage=/etc/etcd/staged
[ -d "$stage" ] || exit 0
# From the stage or from its place: what is cut off is carried on.
scripts=$stage/usr/local/lib/cdktf-etcd
[ -x "$scripts/migrate" ] || scripts=/usr/local/lib/cdktf-etcd
"$scripts/migrate"

# Certificates and keys change together, in one rename: etcd reads them anew for each connection.
[ ! -L "$stage/pki" ] || mv -fT "$stage/pki" /etc/etcd/pki
current=$(readlink /etc/etcd/pki)
find /etc/etcd/pki.d -mindepth 1 -maxdepth 1 ! -name "${current##*/}" -exec rm -rf {} +

# etcd may start by itself at any moment, with some of what is new and some of what is old. Such a start counts as none with what is
# laid down.
restart=/etc/etcd/restart.sha256
if [ -e "$stage$restart" ] && ! cmp -s "$stage$restart" "$restart"; then
  (umask 022 && echo "being laid down" >"$restart.new")
  mv -f "$restart.new" "$restart"
fi

install -d -m 0700 /etc/etcd/admin
(cd "$stage" && find . -type f ! -path ".$restart") | while read -r file; do
  file=${file#.}
  (umask 022 && mkdir -p "${file%/*}")
  mv -f "$stage$file" "$file"
done

# shellcheck source=/dev/null
. /etc/etcd/declared.env
for tool in etcd etcdctl etcdutl; do ln -sfn "/opt/etcd/$VERSION/$tool" "/usr/local/bin/$tool"; done
refused=$(sysctl -q -e -p /etc/sysctl.d/60-etcd-wan.conf 2>&1) ||
  echo "$MEMBER: its kernel keeps settings of its own, which makes etcd slower at most: $(echo "$refused" | head -n 1)"
# Each of these would have systemd read all units anew: once is enough.
timers() { sed -n "s/^$1 //p" /etc/etcd/timers; } # timers enable|disable
timers enable | xargs systemctl enable --no-reload --quiet etcd
timers disable | xargs -r systemctl disable --no-reload --quiet
systemctl daemon-reload
# From here on a start has all of it.
[ ! -e "$stage$restart" ] || mv -f "$stage$restart" "$restart"
timers enable | xargs -r systemctl start
timers disable | xargs -r systemctl stop
# Addresses change without a restart: peers', which etcd-streams.service makes routes for, and those that are published.
if timers enable | grep -qxF etcd-streams.timer; then systemctl start etcd-streams.service || true; fi
# What lies in a directory of etcd's own user is not for root to follow.
if systemctl is-active --quiet etcd || [ -e /run/etcd/endpoint.env ]; then
  setpriv --reuid=etcd --regid=etcd --init-groups /usr/local/lib/cdktf-etcd/publish-endpoint ||
    echo "$MEMBER: other programs on this machine are not told where the members are now: remove what lies in the way of /run/etcd/endpoint.env, then restart etcd"
fi
# What earlier versions ran and noted, once no unit knows it any more. A start may have noted something meanwhile.
/usr/local/lib/cdktf-etcd/migrate
rm -rf /var/lib/cdktf-etcd /run/etcd/starting.sha256 /run/etcd/started.sha256 /run/etcd/handed-over /usr/local/lib/cdktf-etcd/note-start
rm -rf "$stage"
