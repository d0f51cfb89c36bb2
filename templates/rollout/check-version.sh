#!/bin/sh
# check-version DECLARED URLS: whether a member of the version that the file DECLARED names may run in the cluster whose members
# answer at these client URLs. etcd goes up one minor version at a time, and down only as long as the cluster's own version has
# not gone up, or has been prepared for it.
# shellcheck source=common.sh
. "${0%/*}/common.sh"
# shellcheck source=/dev/null
. "$1"

older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; } # older VERSION VERSION

for url in $2; do
  answer=$(ask_client_url "$url/version" 2>/dev/null) || continue
  server=$(echo "$answer" | sed -n 's/.*"etcdserver":"\([0-9.]*\).*/\1/p')
  cluster=$(echo "$answer" | sed -n 's/.*"etcdcluster":"\([0-9]*\.[0-9]*\).*/\1/p')
  # A member that has been started without a quorum does not know the cluster's version.
  [ -n "$cluster" ] || continue
  case " $ENTERS_FROM " in
  *" $cluster "*) ;;
  *)
    refused="etcd $VERSION may not run in a cluster of version $cluster ($url runs $server), only in one of: $ENTERS_FROM"
    ! older "$cluster" "${VERSION%.*}" ||
      fail "$refused. Go one minor version at a time: deploy the one after $cluster first. Nothing was changed"
    fail "$refused. Go down one minor version at a time, and first have the cluster prepare for that by 'etcdctl downgrade': see 'Versions' in docs/operations.md. Nothing was changed"
    ;;
  esac
  # Nobody checks whether this version can read the log of machines on their way out (check-log is for members that stay).
  case " $LEAVING " in
  *" $url "*)
    [ "${server%.*}" = "${VERSION%.*}" ] ||
      fail "this deploy would replace machines and change the version of etcd from ${server%.*} to ${VERSION%.*} at once ($url runs $server). Take one of the two edits back, and deploy them one after the other. No member was changed"
    ;;
  esac
  # Nor that of a cluster that is taken over, and a machine that joins may be sent that log from its beginning.
  case " $ADOPTED_CLIENT_URLS " in
  *" $url "*)
    [ -z "$LOG_READABLE_SINCE" ] || ! older "${server%.*}" "${VERSION%.*}" ||
      fail "the cluster that is taken over runs etcd $server ($url), and etcd $VERSION may not be able to read its log. Take it over with the version that it runs (version: an etcd ${server%.*}), and upgrade once its old members have left. No member was changed"
    ;;
  esac
  if [ -n "$LEAST_PREDECESSOR" ] && [ "${VERSION%.*}" != "$cluster" ] && older "$server" "$LEAST_PREDECESSOR"; then
    fail "$url runs etcd $server: go to $LEAST_PREDECESSOR or later before $VERSION. Nothing was changed"
  fi
done
