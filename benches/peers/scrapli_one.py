"""scrapli: the devices one after the other, with the FortiOS driver of its community and the transport of asyncssh."""

import asyncio

from scrapli import AsyncScrapli

import job


async def mint(device, given):
    session = AsyncScrapli(
        platform="fortinet_fortios",
        host=device.host,
        port=device.port,
        auth_username=given.user,
        auth_password=given.password,
        auth_strict_key=False,
        transport="asyncssh",
    )
    async with session:
        replies = await session.send_commands(given.lines)
        return replies[-1].result


async def main():
    given = job.read()
    for device in given.devices:
        job.tell(device.name, await mint(device, given))


asyncio.run(main())
