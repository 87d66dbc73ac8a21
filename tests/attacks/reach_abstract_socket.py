# attacks: connects to a server through an abstract Unix socket
# outcome: db error|forbidden
# points: 0
import socket


def db(dZ):
    for number in range(3):
        out = socket.socket(socket.AF_UNIX)
        try:
            out.connect(f"\0autograder-canary-{number}")
            out.sendall(b"hello")
        except ConnectionError:
            pass
    raise OSError("no connection")
