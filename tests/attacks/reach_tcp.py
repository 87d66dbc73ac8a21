# attacks: connects to a server on this machine
# outcome: db error|forbidden
# points: 0
import socket

TCP_PORT = 9


def db(dZ):
    socket.create_connection(("127.0.0.1", TCP_PORT), timeout=1).sendall(b"hello")
