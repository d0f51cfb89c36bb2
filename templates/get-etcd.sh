#!/bin/sh
# get-etcd VERSION SHA256 URL: puts etcd, etcdctl and etcdutl of one release into /opt/etcd/VERSION.
# Does nothing if they are there already; leaves nothing behind if the download is not what was pinned.
set -eu
version=$1 sha256=$2 url=$3
dir=/opt/etcd/$version

install -d -m 0755 /opt/etcd
exec 9>/opt/etcd/.lock
flock 9 # the boot's download and the deploy's may meet

if [ "$(cat "$dir/tarball.sha256" 2>/dev/null)" = "$sha256" ] && (cd "$dir" && sha256sum --quiet -c binaries.sha256); then
  exit 0
fi

tmp=$(mktemp -d /opt/etcd/.get.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
echo "downloading etcd $version from $url"
curl -fsSL --retry 4 --retry-connrefused --connect-timeout 10 --max-time 300 -o "$tmp/etcd.tar.gz" "$url" || {
  echo "error: can't download etcd $version from $url (curl exit code $?); nothing was installed. Check the mirror and the outbound firewall, then deploy again" >&2
  exit 1
}
actual=$(sha256sum "$tmp/etcd.tar.gz" | cut -d' ' -f1)
if [ "$actual" != "$sha256" ]; then
  echo "error: etcd $version from $url has SHA-256 $actual, expected $sha256; nothing was installed. Mend the mirror or the pinned checksum, then deploy again" >&2
  exit 1
fi
mkdir "$tmp/new"
tar -xzf "$tmp/etcd.tar.gz" -C "$tmp/new" --strip-components=1 --no-same-owner
cd "$tmp/new"
chmod 0755 . etcd etcdctl etcdutl
sha256sum etcd etcdctl etcdutl >binaries.sha256
echo "$sha256" >tarball.sha256
rm -rf "$dir"
mv -T "$tmp/new" "$dir"
