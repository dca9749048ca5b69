# The provider out of the environment: nothing of the key is in this file, in a plan or in the state.
#
#   fgtkey mint fw1 -r request.yaml --to dotenv:fw1.env
#   fgtkey exec --from dotenv:fw1.env -- terraform plan
#
# external.tf is for those who cannot wrap the command.

terraform {
  required_providers {
    fortios = { source = "fortinetdev/fortios" }
  }
}

provider "fortios" {
  # hostname and token: FORTIOS_ACCESS_HOSTNAME and FORTIOS_ACCESS_TOKEN
  cabundlefile = "ca.pem"
}

data "fortios_firewall_addresslist" "all" {}
