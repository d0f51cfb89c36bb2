#!/bin/sh
# cdktf-etcd-uninstall [--yes]: removes from this machine all that deploys of cdktf-etcd have put there, etcd's data and the backups
# among it. For a machine that lives on when its member has left the cluster: deploys remove machines that they have made, and nothing
# from others. Without --yes it says what it would remove. It refuses while the member is in a cluster.
set -eu
umask 022
[ "$(id -u)" = 0 ] || exec sudo -- "$0" "$@"
files=/etc/etcd/files
case $* in
"" | --yes) ;;
*)
  echo "usage: cdktf-etcd-uninstall [--yes]" >&2
  exit 2
  ;;
esac
if [ ! -e "$files" ]; then
  echo "error: there is no list of what deploys have put here ($files): nothing was removed. Deploy once with this version of cdktf-etcd, or remove what is left by hand" >&2
  exit 1
fi
# shellcheck source=/dev/null
. /etc/etcd/node.env

# etcd answers for itself only while it is a member; one that was removed has ended.
if ETCDCTL_COMMAND_TIMEOUT=5s sh -lc 'etcdctl endpoint status' >/dev/null 2>&1; then
  echo "error: $NODE: etcd runs here, as a member of a cluster. Take it out of the code and deploy first; or, if its cluster is to end, stop it on each machine (systemctl disable --now etcd). Nothing was removed" >&2
  exit 1
fi

directories="/etc/etcd /var/lib/etcd /var/lib/etcd-backup /var/lib/etcd-upkeep /var/lib/cdktf-etcd-node /opt/etcd /usr/local/lib/cdktf-etcd /run/etcd /run/etcd-leader /run/cdktf-etcd"
others="/usr/local/bin/etcd /usr/local/bin/etcdctl /usr/local/bin/etcdutl /var/lib/prometheus/node-exporter/cdktf-etcd.prom /var/log/cdktf-etcd-apt.log /run/cdktf-etcd.lock /etc/ssh/sshd_config.d/00-cdktf-etcd.conf"
# shellcheck source=/dev/null
user=$(. /etc/etcd/ssh/access.env && echo "$SSH_USER")
home=$(getent passwd "$user" | cut -d: -f6)
keys=$home/.ssh/authorized_keys

if [ "$*" != --yes ]; then
  echo "This would be removed from $NODE, with --yes:"
  # shellcheck disable=SC2086
  ls -d $directories $others 2>/dev/null || true
  xargs ls -d 2>/dev/null <"$files" | grep -v -e '^/etc/etcd/' -e '^/usr/local/lib/cdktf-etcd/' || true
  if grep -q 'managed-by=cdktf-etcd$' "$keys" 2>/dev/null; then echo "$keys: the lines that end with managed-by=cdktf-etcd"; fi
  echo "and the user etcd. Packages stay (chrony, curl, rclone), and what they brought along."
  exit 0
fi

units=$(sed -n 's#^/etc/systemd/system/##p' "$files")
echo "$units" | xargs systemctl disable --now --quiet 2>/dev/null || true
# While their settings are there: the routes of etcd's streams, and the rules before the metadata service.
ETCD_LISTEN_PEER_URLS=$(sed -n 's/^ETCD_LISTEN_PEER_URLS=//p' /etc/etcd/etcd.env) /usr/local/lib/cdktf-etcd/route-streams default || true
METADATA=open METADATA_READERS='' /usr/local/lib/cdktf-etcd/close-metadata || true
if [ -e /etc/ssh/sshd_config.d/00-cdktf-etcd.conf ]; then
  rm -f /etc/ssh/sshd_config.d/00-cdktf-etcd.conf
  systemctl try-reload-or-restart ssh || echo "sshd was not told that its settings of cdktf-etcd are gone: see systemctl status ssh"
fi
if grep -q 'managed-by=cdktf-etcd$' "$keys" 2>/dev/null; then
  # In place, so that its owner and mode stay.
  left=$(grep -v 'managed-by=cdktf-etcd$' "$keys" || true)
  printf '%s\n' "$left" | sed '/^$/d' >"$keys"
fi
xargs rm -f <"$files"
# shellcheck disable=SC2086
rm -rf $directories /var/lib/etcd.* "$home/.cdktf-etcd" "$home/.cdktf-etcd-begin.sh" /root/.cdktf-etcd-*.sh
# shellcheck disable=SC2086
rm -f $others
# Made for the metrics where no node_exporter was.
rmdir /var/lib/prometheus/node-exporter /var/lib/prometheus 2>/dev/null || true
systemctl daemon-reload
# Debian's own etcd uses a user of that name, too.
if ! dpkg-query -W -f '${Status}' etcd-server 2>/dev/null | grep -q ' installed$'; then
  userdel etcd 2>/dev/null || true
fi
echo "$NODE: all that deploys have put here is gone. Packages stayed (chrony, curl, rclone); settings of the kernel hold until the next boot"
