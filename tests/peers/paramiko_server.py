"""A paramiko server in front of the device's shell.

usage: paramiko_server.py DIRECTORY REKEY_BYTES

The directory holds host_key, authorized_keys and the program `shell`. The port is printed on stdout, the log goes to
stderr. The user is fgtadmin with the password admin; keyboard-interactive asks for a token code as well. (paramiko's
server does not judge certificates.)
"""

import logging
import os
import socket
import sys
import threading

import paramiko

from terminal import open_shell, read

ANSWERS = [("Password: ", "admin"), ("Token code: ", "123456")]


class Gate(paramiko.ServerInterface):
    def __init__(self, authorized):
        self.authorized = authorized
        self.size = (80, 24)
        self.shell_wanted = threading.Event()

    def get_allowed_auths(self, username):
        return "publickey,password,keyboard-interactive"

    def check_auth_password(self, username, password):
        return verdict("password", (username, password) == ("fgtadmin", "admin"))

    def check_auth_publickey(self, username, key):
        return verdict("publickey", key.get_base64() in self.authorized)

    def check_auth_interactive(self, username, submethods):
        self.round = 0
        return paramiko.InteractiveQuery("", "", (ANSWERS[0][0], False))

    def check_auth_interactive_response(self, responses):
        if responses != [ANSWERS[self.round][1]]:
            return paramiko.AUTH_FAILED
        self.round += 1
        if self.round < len(ANSWERS):
            return paramiko.InteractiveQuery("", "", (ANSWERS[self.round][0], False))
        return verdict("keyboard-interactive", True)

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_pty_request(self, channel, term, width, height, *_):
        self.size = (width, height)
        return True

    def check_channel_shell_request(self, channel):
        self.shell_wanted.set()
        return True


def verdict(method, right):
    logging.info("%s %s", "right" if right else "wrong", method)
    return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED


def type_in(channel, near):
    while text := channel.recv(65536):
        os.write(near, text)


def converse(client, directory, host_key, authorized, rekey_bytes):
    transport = paramiko.Transport(client)
    transport.add_server_key(host_key)
    gate = Gate(authorized)
    transport.start_server(server=gate)
    channel = transport.accept(30)
    if channel is None or not gate.shell_wanted.wait(30):
        return
    # Not earlier: paramiko's own thread blocks when it has to answer a channel request in mid-exchange.
    transport.packetizer.REKEY_BYTES = rekey_bytes
    shell = os.path.join(directory, "shell")
    program, near = open_shell(shell, *gate.size, client.getpeername(), client.getsockname())
    threading.Thread(target=type_in, args=(channel, near), daemon=True).start()
    while output := read(near):
        channel.sendall(output)
    channel.send_exit_status(program.wait())
    channel.close()


def main(directory, rekey_bytes):
    host_key = paramiko.Ed25519Key(filename=os.path.join(directory, "host_key"))
    with open(os.path.join(directory, "authorized_keys")) as file:
        authorized = {line.split()[1] for line in file}
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        session = (client, directory, host_key, authorized, rekey_bytes)
        threading.Thread(target=converse, args=session, daemon=True).start()


logging.basicConfig(level=logging.DEBUG)
main(sys.argv[1], int(sys.argv[2]))
