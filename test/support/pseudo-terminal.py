"""Runs a command in a pseudo-terminal. Reads lines of JSON, {"send": TEXT} or {"resize": [ROWS, COLUMNS]}, and prints what the
command prints. The end of its input hangs up. Exits as the command does, or with 128 and the number of the signal that ended it."""

import fcntl, json, os, pty, select, struct, sys, termios

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])


def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(24, 80)
rest = b""
while True:
    ready, _, _ = select.select([terminal, 0], [], [])
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            os.close(terminal)
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            asked = json.loads(line)
            if "send" in asked:
                os.write(terminal, asked["send"].encode())
            else:
                resize(*asked["resize"])
_, status = os.waitpid(child, 0)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
