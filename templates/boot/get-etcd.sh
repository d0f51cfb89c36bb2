#!/bin/sh
# get-etcd VERSION SHA256, with the tarball's URL on standard input: puts etcd, etcdctl and etcdutl of one release into
# /opt/etcd/VERSION, unless they are there already. If the download does not have that checksum, it leaves nothing behind. The URL may
# hold a password: it gets into no argument, which any user could read, and is shown without it.
set -eu
version=$1 sha256=$2
IFS= read -r url
dir=/opt/etcd/$version

install -d -m 0755 /opt/etcd
exec 9>/opt/etcd/.lock
flock 9 # the first boot and a deploy may both download

if [ "$(cat "$dir/tarball.sha256" 2>/dev/null)" = "$sha256" ] && (cd "$dir" && sha256sum --quiet -c binaries.sha256); then
  exit 0
fi

tmp=$(mktemp -d /opt/etcd/.get.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
shown=$(printf '%s\n' "$url" | sed 's|^\([a-zA-Z]*://\)[^/?#]*@|\1|')
echo "downloading etcd $version from $shown"
# why CODE: what to do about this exit code of curl's.
why() {
  case $1 in
  22) echo "That server has no such file, or does not give it away: mend 'download' of EtcdCluster, or what the mirror holds" ;;
  6) echo "Its name is not known here: let this machine reach a name server (outbound 53), or mend 'download' of EtcdCluster" ;;
  23) echo "It can't be written: make room on this machine's disk" ;;
  60) echo "Its certificate is not one that this machine trusts: mend that server, or 'download' of EtcdCluster" ;;
  *) echo "Let this machine reach that server (outbound 443), or mend 'download' of EtcdCluster" ;;
  esac
}
# The one line of curl's settings: a text between double quotes.
printf '%s\n' "$url" | sed -e 's/[\\"]/\\&/g' -e 's/.*/url = "&"/' |
  curl --config - --globoff -fsSL --retry 4 --retry-connrefused --connect-timeout 10 --max-time 300 -o "$tmp/etcd.tar.gz" || {
  code=$?
  echo "error: can't download etcd $version from $shown (curl exit code $code); nothing was installed. $(why "$code")" >&2
  exit 1
}
actual=$(sha256sum "$tmp/etcd.tar.gz" | cut -d' ' -f1)
if [ "$actual" != "$sha256" ]; then
  echo "error: etcd $version from $shown has SHA-256 $actual, expected $sha256; nothing was installed. By the release's SHA256SUMS: mend the mirror if it holds something else, else the checksum in the code" >&2
  exit 1
fi
mkdir "$tmp/new"
tar -xzf "$tmp/etcd.tar.gz" -C "$tmp/new" --strip-components=1 --no-same-owner || {
  echo "error: can't unpack etcd $version; nothing was installed. Make room on this machine's disk" >&2
  exit 1
}
cd "$tmp/new"
chmod 0755 . etcd etcdctl etcdutl
sha256sum etcd etcdctl etcdutl >binaries.sha256
echo "$sha256" >tarball.sha256
rm -rf "$dir"
mv -T "$tmp/new" "$dir"
