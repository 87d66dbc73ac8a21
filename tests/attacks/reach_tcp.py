# attacks: connects to a server on this machine
# outcome: db error|forbidden
# points: 0
import socket


def db(dZ):
    for port in (47111, 47112, 47113):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).sendall(b"hello")
        except ConnectionError:
            pass
    raise OSError("no connection")
