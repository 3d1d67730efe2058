"""Runs a command in a terminal of its own and presses Ctrl-C there.

Input: {"command": [...], "after": "text that the command prints", "presses": [seconds before each]}.
Output: {"code": the exit code, or minus the signal, "text": all that the command printed}.
"""
import json
import os
import pty
import sys
import threading
import time

job = json.load(sys.stdin)
child, terminal = pty.fork()
if child == 0:
    os.execvp(job["command"][0], job["command"])


def press():
    for seconds in job["presses"]:
        time.sleep(seconds)
        os.write(terminal, b"\x03")


text = b""
pressing = None
while True:
    try:
        text += os.read(terminal, 65536)
    except OSError:
        break
    if pressing is None and job["after"].encode() in text:
        pressing = threading.Thread(target=press, daemon=True)
        pressing.start()
_, status = os.waitpid(child, 0)
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "text": text.decode(errors="replace")}))
