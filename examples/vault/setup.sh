#!/bin/sh
# An AppRole for fgtkey, by an operator who is logged in (VAULT_ADDR, VAULT_TOKEN). With OpenBao: VAULT=bao ./setup.sh
set -eu
: "${VAULT:=vault}"
here=$(dirname "$0")
"$VAULT" policy write fgtkey "$here/policy.hcl"
"$VAULT" auth enable approle 2>/dev/null || true
"$VAULT" write auth/approle/role/fgtkey token_policies=fgtkey token_ttl=10m token_max_ttl=30m
"$VAULT" read -field=role_id auth/approle/role/fgtkey/role-id
