"""An asyncssh server in front of the device's shell.

usage: asyncssh_server.py DIRECTORY REKEY_BYTES

The directory holds host_key, authorized_keys, ca.pub and the program `shell`. The port is printed on stdout, the log
goes to stderr. The user is fgtadmin with the password admin; keyboard-interactive asks for a token code as well.
"""

import asyncio
import logging
import os
import sys

import asyncssh

from terminal import open_shell, read

ANSWERS = [("Password: ", "admin"), ("Token code: ", "123456")]


class Gate(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return (username, password) == ("fgtadmin", "admin")

    def kbdint_auth_supported(self):
        return True

    def get_kbdint_challenge(self, username, lang, submethods):
        self.round = 0
        return "", "", "", [(ANSWERS[0][0], False)]

    def validate_kbdint_response(self, username, responses):
        if responses != [ANSWERS[self.round][1]]:
            return False
        self.round += 1
        return self.round == len(ANSWERS) or ("", "", "", [(ANSWERS[self.round][0], False)])


async def converse(process, shell):
    columns, rows = process.term_size[:2]
    peer, here = process.get_extra_info("peername"), process.get_extra_info("sockname")
    program, near = open_shell(shell, columns, rows, peer, here)
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def printed():
        if output := read(near):
            process.stdout.write(output)
        else:
            loop.remove_reader(near)
            ended.set_result(None)

    async def typed():
        while text := await process.stdin.read(65536):
            os.write(near, text)

    loop.add_reader(near, printed)
    typing = asyncio.ensure_future(typed())
    await asyncio.wait([ended, typing], return_when=asyncio.FIRST_COMPLETED)
    loop.remove_reader(near)
    typing.cancel()
    os.close(near)
    process.exit(await loop.run_in_executor(None, program.wait))


async def main(directory, rekey_bytes):
    with open(os.path.join(directory, "authorized_keys")) as file:
        lines = file.read()
    with open(os.path.join(directory, "ca.pub")) as file:
        lines += "cert-authority " + file.read()
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Gate,
        server_host_keys=[os.path.join(directory, "host_key")],
        authorized_client_keys=asyncssh.import_authorized_keys(lines),
        process_factory=lambda process: converse(process, os.path.join(directory, "shell")),
        encoding=None,
        line_editor=False,
        rekey_bytes=rekey_bytes,
    )
    print(server.get_port(), flush=True)
    await server.wait_closed()


logging.basicConfig(level=logging.DEBUG)
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
