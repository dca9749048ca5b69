"""asyncssh: one event loop, a semaphore for the sessions at a time. A line is sent when the prompt is there again; with
--at-once, all lines are sent as one command, and nobody looks at what the device says to each."""

import asyncio

import asyncssh

import job

PROMPT = " # "


async def mint(device, given, places):
    async with places:
        try:
            connection = asyncssh.connect(
                device.host,
                device.port,
                username=given.user,
                password=given.password,
                # No keys and no agent to try first, no files to read, and no check of the host key.
                client_keys=None,
                agent_path=None,
                known_hosts=None,
                config=None,
                preferred_auth="password",
                server_host_key_algs=["ssh-ed25519"],
            )
            async with connection as session:
                job.tell(device.name, await (at_once if given.at_once else line_by_line)(session, given.lines))
        except (OSError, asyncssh.Error) as error:
            job.failed(device.name, error)


async def at_once(session, lines):
    return (await session.run("\n".join(lines))).stdout


async def line_by_line(session, lines):
    async with session.create_process(term_type="vt100", term_size=(511, 1000)) as shell:
        await shell.stdout.readuntil(PROMPT)
        for line in lines:
            shell.stdin.write(line + "\n")
            output = await shell.stdout.readuntil(PROMPT)
        return output


async def main():
    given = job.read()
    places = asyncio.Semaphore(given.jobs)
    await asyncio.gather(*(mint(device, given, places) for device in given.devices))


asyncio.run(main())
