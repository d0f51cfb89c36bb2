#!/bin/sh
# Tells other units and containers of this machine how to reach etcd: each time it is ready, and when members' addresses change. It
# runs as etcd's user, whose directory that is: root must not follow links that may lie there.
set -eu
umask 022
tmp=$(mktemp /run/etcd/.endpoint.XXXXXX)
cat /etc/etcd/endpoints.env >"$tmp"
chmod 0644 "$tmp"
mv -fT "$tmp" /run/etcd/endpoint.env
