"""netmiko under nornir: its threads, each with the FortiOS driver of netmiko."""

from netmiko import ConnectHandler
from nornir.core import Nornir
from nornir.core.inventory import Defaults, Groups, Host, Hosts, Inventory
from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.plugins.runners import ThreadedRunner

import job
from netmiko_one import mint


def task(task, given):
    host = task.host
    with ConnectHandler(**device_of(host, given)) as session:
        return mint(session, given)


def device_of(host, given):
    return {
        "device_type": "fortinet",
        "host": host.hostname,
        "port": host.port,
        "username": given.user,
        "password": given.password,
        "fast_cli": True,
    }


def main():
    given = job.read()
    ConnectionPluginRegister.auto_register()
    hosts = {
        device.name: Host(name=device.name, hostname=device.host, port=device.port, defaults=Defaults())
        for device in given.devices
    }
    inventory = Inventory(hosts=Hosts(hosts), groups=Groups(), defaults=Defaults())
    nornir = Nornir(inventory=inventory, runner=ThreadedRunner(num_workers=given.jobs))
    for name, result in nornir.run(task=task, given=given).items():
        if result.failed:
            job.failed(name, result[0].exception)
        else:
            job.tell(name, result[0].result)


main()
