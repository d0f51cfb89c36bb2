#!/bin/sh
# configure-sshd [ROOT]: has sshd do what ROOT/etc/etcd/ssh/sshd.conf says; open sessions go on. It changes nothing if sshd does so
# already, if sshd would refuse these settings, or if the host key that deploys pin is none of its own.
set -eu
umask 077
root=${1-}
# shellcheck source=/dev/null
. "$root/etc/etcd/node.env"
# shellcheck source=/dev/null
. "$root/etc/etcd/ssh/access.env"
wanted=$root/etc/etcd/ssh/sshd.conf
file=/etc/ssh/sshd_config.d/00-cdktf-etcd.conf
# Exists from before the file is in its place until sshd has read it: if that is cut off, the next deploy does it again.
untold=/run/cdktf-etcd-sshd.untold

say() { echo "$NODE: $*"; }
fail() {
  echo "error: $NODE: $*" >&2
  exit 1
}
# settings [SSHD'S OPTIONS...]: what sshd would do for the user of the deploys, by its files.
settings() { "$sshd" -T -C "user=$SSH_USER,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" "$@" 2>&1; }

[ -s "$wanted" ] || exit 0
if cmp -s "$wanted" "$file" && [ ! -e "$untold" ]; then exit 0; fi
sshd=$(command -v sshd) || sshd=/usr/sbin/sshd
if [ ! -x "$sshd" ]; then
  say "there is no sshd of OpenSSH's here to be set up"
  exit 0
fi

present=$(settings) ||
  fail "sshd refuses its own settings, and would not start again: $(echo "$present" | head -n 1 | tr -d '\r'). Mend them in /etc/ssh until 'sshd -t' is content, then deploy again. sshd was left as it is"
pinned=
for key in $(echo "$present" | sed -n 's/^hostkey //p'); do
  [ "$(ssh-keygen -y -P '' -f "$key" 2>/dev/null </dev/null | cut -d' ' -f1,2)" != "$PINNED_HOST_KEY" ] || pinned=$key
done
if [ -z "$pinned" ]; then
  say "sshd is left as it is: none of its host keys is the one that the deploy pins"
  exit 0
fi

# First a trial, under a name that sshd does not read.
new=$file.new
trial=$(mktemp)
trap 'rm -f "$new" "$trial"' EXIT
install -d -m 0755 "${file%/*}"
install -m 0644 "$wanted" "$new"
printf 'Include %s\nInclude /etc/ssh/sshd_config\n' "$new" >"$trial"
said=$(settings -f "$trial") ||
  fail "sshd refuses the settings that this deploy has for it: $(echo "$said" | head -n 1 | tr -d '\r'). sshd was left as it is"

sync "$new"
: >"$untold"
mv -f "$new" "$file"
systemctl try-reload-or-restart ssh || fail "sshd was not told of its new settings: see 'systemctl status ssh', then deploy again"
rm -f "$untold"
algorithms=$(sed -n 's/^HostKeyAlgorithms //p' "$file")
if settings | grep -qx "hostkeyalgorithms $algorithms"; then
  say "sshd offers the pinned host key alone, and no forwarding"
else
  say "sshd does not go by $file: have 'Include /etc/ssh/sshd_config.d/*.conf' come first in /etc/ssh/sshd_config"
fi
