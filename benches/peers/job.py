"""The job of a bench, the same for every peer: which devices, as whom, what is typed."""

import argparse
import os
import re
import sys
from dataclasses import dataclass

KEY = re.compile(r"New API key:\s+(\S+)")


@dataclass
class Device:
    name: str
    host: str
    port: int


@dataclass
class Job:
    devices: list
    lines: list
    jobs: int
    user: str
    password: str
    at_once: bool


def read():
    """The job out of the command line; the password out of FGTKEY_PASSWORD."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", required=True, help="a file: name, address, port, with tabs")
    parser.add_argument("--lines", required=True, help="a file: the configuration lines and generate-key")
    parser.add_argument("--jobs", type=int, required=True, help="sessions at a time")
    parser.add_argument("--user", required=True)
    parser.add_argument("--at-once", action="store_true", help="send all lines without waiting for what each brings")
    given = parser.parse_args()
    with open(given.devices) as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    with open(given.lines) as file:
        lines = [line.strip() for line in file]
    devices = [Device(name, host, int(port)) for name, host, port in rows]
    return Job(devices, lines, given.jobs, given.user, os.environ["FGTKEY_PASSWORD"], given.at_once)


def tell(name, output):
    """Prints the key of a device; nothing when there is none in its output."""
    found = KEY.search(output or "")
    if found:
        sys.stdout.write(f"{name}\t{found.group(1)}\n")


def failed(name, error):
    sys.stderr.write(f"{name}: {type(error).__name__}: {error}\n")
