#!/bin/sh
# check-change STAGE: whether what is staged there may follow what this member runs. It runs on all members before any of them is
# changed, out of the stage itself. If the members can't be asked because certificates have run out, it ends with 75: the new
# certificates may take their place, and nothing else.
# shellcheck source=common.sh
. "${0%/*}/common.sh"
# shellcheck source=members.sh
. "${0%/*}/members.sh"
# shellcheck source=authorities.sh
. "${0%/*}/authorities.sh"
stage=$1

# What the code declares, as it is laid down (ROOT is empty) or staged.
declared() { sed -n "s/^$2=//p" "$1/etc/etcd/declared.env" | tr -d "'"; } # declared ROOT NAME
changed() { [ "$(declared "" "$1")" != "$(declared "$stage" "$1")" ]; }

live=/etc/etcd/pki
new=$stage/etc/etcd/pki
issuer() { openssl x509 -noout -issuer -in "$1"; }
# Whether an authority in the file CAS has signed the certificate, which may have expired since.
signed_by() { openssl verify -no_check_time -partial_chain -purpose any -CAfile "$1" "$2" >/dev/null 2>&1; } # signed_by CAS CERTIFICATE
# Subject and key of each authority in the file CAS. Two authorities that have both in common verify what the other one has signed,
# whenever they were made.
identities() { # identities CAS
  openssl storeutl -noout -text -certs "$1" |
    sed -n -e '/^ *Subject: /p' -e '/Subject Public Key Info:/,/X509v3 extensions:\|Signature Algorithm:/p'
}
same_authorities() { # same_authorities CAS CAS
  ! cmp -s "$1" "$2" || return 0
  _identities=$(identities "$1")
  [ -n "$_identities" ] && [ "$_identities" = "$(identities "$2")" ]
}
# Whether etcd runs with an authority that has run out: then it refuses even the new certificates as expired.
outdated() {
  refused_as_expired "$stage/$ETCDCTL_CERT" "$stage/$ETCDCTL_KEY" "$SELF" ||
    refused_as_expired "$new/peer.crt" "$new/peer.key" https://127.0.0.1:2380
}

"${0%/*}/check-restore" "$(declared "$stage" RESTORE_SNAPSHOT)"
"${0%/*}/check-version" "$stage/etc/etcd/declared.env" "$SELF $OTHERS"
"${0%/*}/check-log" "$stage/etc/etcd/declared.env"

# The size of the database's file counts, free pages included. If this member does not tell it, nothing is refused.
quota=$(quota_of "$stage") size=$(database "$SELF" dbSize)
if [ "$quota" -lt "$(quota_of "")" ] && [ "${size:-0}" -ge "$quota" ]; then
  fail "the database takes $((size / 1048576)) MiB, and this deploy lowers settings.quotaGiB to $((quota / 1073741824)): the next write would raise the alarm NOSPACE on all members. Keep the quota above it; or delete keys and run /usr/local/lib/cdktf-etcd/reclaim-space, then deploy. Nothing was changed"
fi

was=$(setting_of "" ETCD_INITIAL_ADVERTISE_PEER_URLS) url=$(setting_of "$stage" ETCD_INITIAL_ADVERTISE_PEER_URLS)
[ "$url" = "$was" ] ||
  fail "this deploy has peers reach this member at $url (peerNetwork), but they know it by the $was that it joined with, and its new certificate is not for that. Take the edit back and deploy. Peers on another network need another cluster: restore a backup into it. Nothing was changed"

what=
if [ "$(declared "" MEMBERS | tr ' ' '\n' | sort)" != "$(declared "$stage" MEMBERS | tr ' ' '\n' | sort)" ]; then
  what="$what, the list of members"
fi
if changed VERSION; then what="$what, the version of etcd"; fi
# The founding may change together with the list of members: a location that is lost leaves in the same edit.
if changed GENESIS && [ "$(declared "" MEMBERS)" = "$(declared "$stage" MEMBERS)" ]; then what="$what, the founding of the cluster"; fi
adopted=$(declared "" ADOPTED_PEER_URLS)
if changed ADOPTED_PEER_URLS; then
  [ -n "$adopted" ] ||
    fail "ClusterOrigin.takeOver is for machines that join a hand-made cluster, and this member is in a cluster already. Take it out. Nothing was changed"
  [ -n "$(declared "$stage" ADOPTED_PEER_URLS)" ] || for url in $adopted; do
    [ -n "$(members | member_at "$url")" ] || continue
    fail "$url of the cluster that is taken over is still a member, and would not be trusted any more. First deploy ClusterOrigin.takeOver({ ..., retire: true }). Nothing was changed"
  done
  what="$what, the cluster that is taken over"
fi
for authority in client-ca:server peer-ca:peer; do
  ca=${authority%:*} leaf=${authority#*:}
  # The authorities of a cluster that is taken over come and go with it: these are no change of their own.
  if changed ADOPTED_PEER_URLS && [ "$(issuer "$live/$leaf.crt")" = "$(issuer "$new/$leaf.crt")" ]; then continue; fi
  if ! same_authorities "$live/$ca.crt" "$new/$ca.crt" || [ "$(issuer "$live/$leaf.crt")" != "$(issuer "$new/$leaf.crt")" ]; then
    what="$what, the ${ca%-ca} authority"
    # Files tell what was laid down, but etcd trusts what it read at its start. A deploy may have been cut off in between.
    cmp -s "$STARTED" /etc/etcd/restart.sha256 || cmp -s "$STARTED" "$stage/etc/etcd/restart.sha256" ||
      fail "the deploy before this one was not completed here: etcd does not run yet with what that one has laid down. Take this edit back and deploy, then deploy this one. Nothing was changed"
  fi
done
case ${what#, } in
*", "*) fail "this deploy would change${what#,} at once. Each has to be seen through before the next begins: deploy them one after the other. Nothing was changed" ;;
esac

for authority in client-ca:server peer-ca:peer; do
  ca=${authority%:*} leaf=${authority#*:} name=${ca%-ca}Authority
  signed_by "$live/$ca.crt" "$new/$leaf.crt" ||
    fail "this deploy skips a stage: the new ${ca%-ca} authority would sign certificates that running members do not trust yet. First deploy pki: { $name: AuthorityGeneration.introducing(n) }, then .signing(n), then .of(n). Nothing was changed"
  signed_by "$new/$ca.crt" "$live/$leaf.crt" ||
    fail "this deploy skips a stage: the ${ca%-ca} authority that it drops has signed the certificates in use. First deploy pki: { $name: AuthorityGeneration.signing(n) }, then .of(n). Nothing was changed"
done

# Members that give no answer do not speak against a change. So a change waits while certificates keep members from answering.
if [ "$quota" -lt "$(quota_of "")" ]; then what="$what, settings.quotaGiB to less"; fi
problem=
if [ -n "$what" ]; then
  if outdated; then
    problem="etcd runs with an authority that has run out. Take the edit back and deploy, so that it restarts with the new one, then deploy the edit. Where members have the edit already, from a deploy that was cut off, restart etcd on each instead (systemctl restart etcd), then deploy again"
  elif ! { valid "$live/client-ca.crt" "$live/server.crt" && valid "$live/peer-ca.crt" "$live/peer.crt" && valid "$live/client-ca.crt" "$ETCDCTL_CERT"; }; then
    problem="certificates have run out. The new ones take their place now: deploy again"
  fi
fi
if [ -n "$problem" ]; then
  echo "error: $MEMBER: this deploy would change${what#,}, but members can't be asked whether it may: $problem. Nothing but certificates was changed" >&2
  exit 75
fi

# Members that the edit takes out leave at its end. Those that stay must be a quorum without them. New members count as well: by
# then they have joined.
leaving=
for name in $(declared "" MEMBERS); do
  case " $(declared "$stage" MEMBERS) " in
  *" $name "*) ;;
  *) leaving="$leaving $name" ;;
  esac
done
if [ -n "$leaving" ]; then
  list=$(members)
  [ -n "$list" ] || [ -n "$(declared "$stage" RECOVER_FROM)" ] ||
    fail "this deploy takes${leaving} out of the cluster, which has no quorum just now. Bring it back to health (etcdctl endpoint health --cluster), or see 'A majority is lost' in docs/operations.md. Nothing was changed"
  others=$(echo "$list" | ever_started | members_not_named "$MEMBER")
  staying=$(for name in $(declared "$stage" MEMBERS); do echo "$others" | members_named "$name"; done)
  well=$(healthy "$(echo "$staying" | clients)")
  unwell=$(echo "$staying" | while read -r _ name _ client _; do echo "$well" | grep -qxF "$client" || echo "$name"; done | paste -sd' ' -)
  count=$(declared "$stage" MEMBERS | wc -w)
  [ $((count - $(echo "$unwell" | wc -w))) -gt $((count / 2)) ] ||
    fail "this deploy takes${leaving} out of the cluster, and of the members that stay $unwell can't be reached or has no quorum: those left would be too few. Bring it back to health (etcdctl endpoint health --cluster), or take the edit back, and deploy. Nothing was changed"
fi
