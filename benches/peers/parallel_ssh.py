"""parallel-ssh: its client for many hosts, the lines as one command each."""

from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig

import job


def main():
    given = job.read()
    ports = [HostConfig(port=device.port) for device in given.devices]
    client = ParallelSSHClient(
        [device.host for device in given.devices],
        host_config=ports,
        user=given.user,
        password=given.password,
        pool_size=given.jobs,
        allow_agent=False,
        identity_auth=False,
        num_retries=1,
    )
    outputs = client.run_command("\n".join(given.lines), stop_on_errors=False)
    for device, output in zip(given.devices, outputs):
        if output.exception is not None:
            job.failed(device.name, output.exception)
            continue
        job.tell(device.name, "\n".join(output.stdout))


main()
