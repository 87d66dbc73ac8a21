# attacks: sends a datagram to a server on this machine
# outcome: db error|forbidden
# points: 0
import socket


def db(dZ):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for port in (47111, 47112, 47113):
        out.sendto(b"hello", ("127.0.0.1", port))
