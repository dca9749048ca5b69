# A fleet in eight parts, each an allocation of its own. `nomad job run`, and again for another run.
job "fgtkey" {
  type = "batch"

  group "part" {
    count = 8

    restart {
      attempts = 1
      mode     = "fail"
    }

    volume "state" {
      type   = "host"
      source = "fgtkey-state"
    }

    task "mint" {
      driver = "exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "export XDG_STATE_HOME=/state/$NOMAD_ALLOC_INDEX; exec fgtkey mint --inventory local/fleet.yaml -r local/request.yaml --shard $((NOMAD_ALLOC_INDEX + 1))/8 --to \"$TO\""]
      }

      artifact {
        source = "https://artifacts.example.net/fleet.tar.gz" # fleet.yaml, request.yaml
      }

      env {
        VAULT_ADDR = "https://vault.example.net:8200"
        TO         = "vault:secret/fortigate/{{ device.name }}"
      }

      template {
        data        = "FGTKEY_PASSWORD={{ with nomadVar \"nomad/jobs/fgtkey\" }}{{ .password }}{{ end }}"
        destination = "secrets/fgtkey.env"
        env         = true
      }

      volume_mount {
        volume      = "state"
        destination = "/state"
      }
    }
  }
}
