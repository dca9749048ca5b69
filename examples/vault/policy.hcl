# What fgtkey needs of Vault or OpenBao to deliver to vault:secret/fortigate/NAME (KV version 2 at `secret`).

# Write with check-and-set, and read what is there first: other fields of a secret stay.
path "secret/data/fortigate/*" {
  capabilities = ["create", "read", "update"]
}
