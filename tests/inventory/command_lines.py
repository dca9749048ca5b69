"""Runs Ansible's command lines, one after the other, each in a process of its own.

Reads a JSON list of command lines on stdin, prints a JSON list of [status, stdout, stderr]. Importing Ansible takes longer
than most of what is asked of it, so this is done once.
"""

import json
import os
import sys
import tempfile

from ansible.cli.adhoc import AdHocCLI
from ansible.cli.inventory import InventoryCLI

PROGRAMS = {"ansible": AdHocCLI, "ansible-inventory": InventoryCLI}


def child(line, out, err):
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    status = 1
    try:
        cli = PROGRAMS[line[0]](line)
        cli.parse()
        status = cli.run() or 0
    except SystemExit as exit:
        status = exit.code or 0
    except BaseException as error:
        print(error, file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


def run(line):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            child(line, out, err)
        _, status = os.waitpid(pid, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
        return [os.waitstatus_to_exitcode(status), *texts]


print(json.dumps([run(line) for line in json.load(sys.stdin)]))
