"""netmiko alone: the devices one after the other, with its FortiOS driver."""

from netmiko import ConnectHandler

import job

PROMPT = r"[#$] $"


def mint(session, given):
    """The lines as a configuration set, as the driver is meant to be used; the key's line as a command."""
    *configuration, generate = given.lines
    session.send_config_set(configuration, cmd_verify=False, enter_config_mode=False, exit_config_mode=False)
    return session.send_command(generate, expect_string=PROMPT)


def main():
    given = job.read()
    for device in given.devices:
        with ConnectHandler(
            device_type="fortinet",
            host=device.host,
            port=device.port,
            username=given.user,
            password=given.password,
            fast_cli=True,
        ) as session:
            job.tell(device.name, mint(session, given))


if __name__ == "__main__":
    main()
