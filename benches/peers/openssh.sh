#!/bin/sh
# OpenSSH under xargs: `openssh.sh DEVICES LINES JOBS USER IDENTITY`. DEVICES has name, address and port with tabs. It logs
# in with a key: OpenSSH takes no password without another program's help, which would cost a process more.
devices=$1 commands=$(cat "$2") jobs=$3 user=$4 identity=$5
export commands user identity
xargs -P "$jobs" -L 1 sh -c '
    key=$(ssh -F none -T -p "$2" -i "$identity" -o IdentitiesOnly=yes -o IdentityAgent=none \
        -o PreferredAuthentications=publickey -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no -o LogLevel=ERROR "$user@$1" "$commands" |
        sed -n "s/.*New API key: *\([^[:space:]]*\).*/\1/p")
    [ -z "$key" ] || printf "%s\t%s\n" "$0" "$key"
' <"$devices"
