#!/bin/sh
# authorize-keys [ROOT]: has the user of the deploys accept the public keys in ROOT/etc/etcd/ssh/authorized_keys, in place of those of
# earlier deploys. Keys of others stay. The file changes by one rename, so that a key which is in both gets in at any moment.
set -eu
umask 077
root=${1-}
# shellcheck source=/dev/null
. "$root/etc/etcd/node.env"
# shellcheck source=/dev/null
. "$root/etc/etcd/ssh/access.env"
wanted=$root/etc/etcd/ssh/authorized_keys

fail() {
  echo "error: $NODE: $*" >&2
  exit 1
}

[ -s "$wanted" ] || exit 0
[ "$(ssh-keygen -l -f "$wanted" 2>/dev/null | wc -l)" -eq "$(wc -l <"$wanted")" ] ||
  fail "not every key that $SSH_USER is to accept is one that ssh-keygen can read; see authorizedKeys. The keys were left as they are"

sshd=$(command -v sshd) || sshd=/usr/sbin/sshd
home=$(getent passwd "$SSH_USER" | cut -d: -f6)
read_by_sshd=$("$sshd" -T -C "user=$SSH_USER,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" 2>/dev/null | sed -n 's/^authorizedkeysfile //p')
case " $read_by_sshd " in
*" .ssh/authorized_keys "* | *" %h/.ssh/authorized_keys "* | *" $home/.ssh/authorized_keys "*) ;;
*) fail "sshd takes the keys of $SSH_USER from '$read_by_sshd' (AuthorizedKeysFile): add .ssh/authorized_keys there, as deploys keep theirs in that file, and deploy again. The keys were left as they are" ;;
esac

if [ ! -d "$home/.ssh" ]; then
  mkdir "$home/.ssh"
  chown "$SSH_USER:" "$home/.ssh"
fi
file=$(readlink -f "$home/.ssh/authorized_keys")
old=$file
[ -e "$file" ] || old=/dev/null
new=$file.cdktf-etcd
rm -f "$new"
trap 'rm -f "$new"' EXIT
# A line is ours if it says so, or if it has a key that another line of ours has: the provider and cloud-init add the keys that a
# machine is made with.
{
  awk 'pass == 1 { if ($NF == "managed-by=cdktf-etcd") ours[$1 " " $2]; next } !(($1 " " $2) in ours)' \
    pass=1 "$wanted" "$old" pass=2 "$old"
  cat "$wanted"
} >"$new"
! cmp -s "$new" "$file" || exit 0
chown "$SSH_USER:" "$new"
# Without this, a loss of power may leave an empty file, which locks everybody out.
sync "$new"
mv -f "$new" "$file"
echo "$NODE: $SSH_USER accepts $(wc -l <"$wanted") keys of the deploy's"
