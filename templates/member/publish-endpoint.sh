#!/bin/sh
# Tells other units and containers of this host how to reach etcd: once it is ready, and when the members' addresses change. As
# etcd's own user, whose the directory is: root could be led astray by what lies there.
set -eu
umask 022
tmp=$(mktemp /run/etcd/.endpoint.XXXXXX)
cat /etc/etcd/endpoints.env >"$tmp"
chmod 0644 "$tmp"
mv -fT "$tmp" /run/etcd/endpoint.env
