# attacks: connects to a server through an abstract Unix socket
# outcome: db error|forbidden
# points: 0
import socket

LOCAL = b"\0nobody"


def db(dZ):
    out = socket.socket(socket.AF_UNIX)
    out.connect(LOCAL)
    out.sendall(b"hello")
