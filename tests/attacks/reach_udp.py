# attacks: sends a datagram to a server on this machine
# outcome: db error|forbidden
# points: 0
import socket

UDP_PORT = 9


def db(dZ):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.sendto(b"hello", ("127.0.0.1", UDP_PORT))
