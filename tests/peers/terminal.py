"""The device's shell on a terminal of its own, as an SSH server gives it to a session."""

import fcntl
import os
import pty
import struct
import subprocess
import termios


def open_shell(shell, columns, rows, client, server):
    """Starts the program `shell`; returns it and the near end of its terminal. The addresses are (host, port)."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    connection = "{} {} {} {}".format(*client[:2], *server[:2])
    program = subprocess.Popen(
        [shell],
        stdin=far,
        stdout=far,
        stderr=far,
        start_new_session=True,
        env=dict(os.environ, SSH_CONNECTION=connection),
    )
    os.close(far)
    return program, near


def read(near):
    """What the shell printed; nothing when it has ended, which Linux reports as an error."""
    try:
        return os.read(near, 65536)
    except OSError:
        return b""
