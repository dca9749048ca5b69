"""Pastes lines of CLI into a FortiGate as netmiko's users do, and prints what the terminal showed.

usage: paste.py PORT < LINES

Stdout is one JSON object: what `get system status` answered, and the screen of the pasted lines.
"""

import json
import sys

from netmiko import ConnectHandler


def main():
    lines = sys.stdin.read().splitlines()
    device = ConnectHandler(
        device_type="fortinet",
        host="127.0.0.1",
        port=int(sys.argv[1]),
        username="admin",
        password="admin",
        use_keys=False,
        allow_agent=False,
    )
    try:
        status = device.send_command("get system status")
        screen = device.send_config_set(lines)
    finally:
        device.disconnect()
    json.dump({"prompt": device.base_prompt, "status": status, "screen": screen}, sys.stdout)


if __name__ == "__main__":
    main()
