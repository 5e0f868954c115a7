#!/usr/bin/env python3
"""make_corpus.py - writes the seeds of the fuzzers to tests/fuzz/corpus.

The messages are those of RFC 8448, the timestamps those of tests/vectors/ct; the scripts for connections are
written out below, in the format that tests/support/fuzzing.c describes. The revocation lists are put together
here, the OCSP responses in the format of fuzz_ocsp.c; fuzz_crl and fuzz_ocsp sign them themselves.
"""
import base64
import hashlib
import json
import pathlib
import re
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent
TRACE = HERE.parent / "vectors" / "rfc8448.txt"
CT = HERE.parent / "vectors" / "ct"


def messages():
    """Yields (label, bytes) of every value of the trace."""
    label, value = None, b""
    for line in TRACE.read_text(errors="replace").splitlines():
        if line.startswith(("Thomson", "RFC 8448", "\f")):
            continue
        start = re.match(r"      (\w[^(]*) \((\d+) octets\):((?: +[0-9a-f]{2})*) *$", line)
        if start:
            if label:
                yield label, value
            label, value = start[1], bytes.fromhex(start[3])
        elif label and re.match(r"         [0-9a-f]{2}( [0-9a-f]{2})* *$", line):
            value += bytes.fromhex(line)
        elif line.strip() and label:
            yield label, value
            label = None


def write(target, name, data):
    folder = HERE / "corpus" / ("fuzz_" + target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def compressed(algorithm, length, data):
    """The body of a CompressedCertificate (RFC 8879)."""
    return struct.pack(">HI", algorithm, length << 8)[:5] + struct.pack(">I", len(data))[1:] + data


def write_messages():
    targets = {
        "ClientHello": "client_hello",
        "ServerHello": "server_hello",
        "EncryptedExtensions": "encrypted_extensions",
        "CertificateRequest": "certificate_request",
        "Certificate": "certificate",
        "CertificateVerify": "certificate_verify",
        "NewSessionTicket": "new_session_ticket",
    }
    seen = {}
    for label, value in messages():
        if label in targets and value not in seen.setdefault(label, []):
            seen[label].append(value)
            write(targets[label], "rfc8448-%d" % len(seen[label]), value[4:])
    assert all(seen.get(label) for label in targets), seen.keys()
    first = seen["ClientHello"][0]
    write("record", "hello", b"\0\0\0" + b"\x16\x03\x01" + struct.pack(">H", len(first)) + first)
    write("record", "protected", b"\1\0\5" + bytes.fromhex("1703030018") + bytes(24))
    write("record", "overflow", b"\2\0\0" + bytes.fromhex("17030341010000"))
    for value in (0, 1, 2):
        write("key_update", "value-%d" % value, bytes([24, value]))
    write("key_update", "ticket", b"\x04" + seen["NewSessionTicket"][0][4:])
    write("server", "raw-hello", b"\x01\0" + b"\x16\x03\x01" + struct.pack(">H", len(first)) + first)
    write("server", "raw-http", b"\x01\0GET / HTTP/1.1\r\n\r\n")
    for i, value in enumerate(seen["Certificate"]):
        write("compressed_certificate", "zlib-%d" % (i + 1), compressed(1, len(value) - 4, zlib.compress(value[4:], 9)))
    write("compressed_certificate", "brotli-empty", compressed(2, 0, b"\x06"))
    write("compressed_certificate", "brotli-abc", compressed(2, 3, bytes.fromhex("0b018061626303")))
    hello = seen["ServerHello"][0]
    write("client", "raw-hello", b"\x01\0" + b"\x16\x03\x03" + struct.pack(">H", len(hello)) + hello)


HONEST = b"\0"


def handshake(content):
    return b"\x01" + struct.pack(">H", len(content)) + content


def message(kind, body):
    return b"\x02" + bytes([kind]) + struct.pack(">H", len(body)) + body


def changed(place, difference):
    return b"\x03" + struct.pack(">HB", place, difference)


def record(kind, content, padding=0):
    return b"\x04" + bytes([kind, padding]) + struct.pack(">H", len(content)) + content


def raw(data):
    return b"\x05" + struct.pack(">H", len(data)) + data


NEXT_KEYS = b"\x06"
SEND, CLOSE, UPDATE, UPDATE_BOTH, EOF = (b"\x07" + bytes([i]) for i in range(5))
RETRY, AUTH, NONE, ALPN, LIMIT, SUITE, PSK = 2, 4, 8, 16, 32, 64, 128
ECH = 256  # bit 7 of the number of steps
EXTERNAL, BOTH, JUNK_FIRST, EARLY, PSK_REFUSED, EARLY_REFUSED, SELECT_EXTERNAL, NO_EARLY_DATA = (1 << i for i in range(8))


def at_once(operation):
    """The same operation, sent as 0-RTT data is."""
    return bytes([operation[0] | 8]) + operation[1:]


def write_connections():
    all_steps = (9, 9)  # honest messages first, by the server and by the client
    update = handshake(bytes([24, 0, 0, 1, 1])) + NEXT_KEYS
    data = record(23, b"data", 3)
    scripts = {
        "plain": (0, all_steps, data + SEND + update + data + UPDATE_BOTH + record(21, b"\1\0")),
        "everything": (RETRY | AUTH | ALPN | LIMIT, all_steps, data + SEND + CLOSE + EOF),
        "no-certificate": (AUTH | NONE | SUITE, all_steps, update * 3 + data),
        "ticket": (0, all_steps, message(4, bytes.fromhex("00000e10000000000100 0001aa0000")) + data),
        "pieces": (RETRY, (0, 0), HONEST * 12 + data),
        "change-hello": (0, (0, 0), changed(40, 1)),
        "change-certificate": (AUTH, (3, 1), changed(300, 128) + HONEST * 4),
        "change-finished": (0, (4, 1), changed(100, 255) + HONEST * 4),
        "ccs": (0, (1, 1), raw(bytes.fromhex("140303000101")) * 2 + HONEST * 8),
        "alert": (0, (2, 1), record(21, b"\2\x28")),
        "early": (0, (2, 1), record(23, b"x")),
        "padding": (0, (3, 1), record(0, b"", 100)),
        "plaintext": (0, (2, 1), raw(bytes.fromhex("16030300040b000000"))),
        "split": (0, (2, 1), handshake(b"\x0b\0") + handshake(b"\0\4\0\0\0\0")),
        "flood": (0, all_steps, record(23, b"") * 40),
        "eof": (0, (3, 1), EOF),
        "ech": (ECH, all_steps, data + SEND),
        "ech-retry": (ECH | RETRY, all_steps, data),
        "ech-turned": (ECH | RETRY, (0, 0), changed(250, 1) + HONEST * 10),
        "ech-turned-later": (ECH | RETRY, (1, 1), changed(80, 1) + HONEST * 10),
    }
    for name, (flags, steps, script) in scripts.items():
        for target, first in zip(("client", "server"), steps):
            write(target, name, bytes([flags & 255, first | (128 if flags & ECH else 0)]) + script)


def write_psk_connections():
    all_steps = (9, 9)
    data = record(23, b"data", 3)
    eoed = bytes([5, 0, 0, 0])
    scripts = {
        "session": (0, 0, all_steps, data + SEND),
        "session-retry": (RETRY | ALPN | SUITE, 0, all_steps, data + SEND + UPDATE_BOTH),
        "session-auth": (AUTH, 0, all_steps, data + SEND),
        "external": (0, EXTERNAL, all_steps, data + SEND),
        "both": (0, BOTH | SELECT_EXTERNAL, all_steps, data + SEND),
        "second": (0, JUNK_FIRST, all_steps, data),
        "declined": (AUTH, PSK_REFUSED | EARLY, all_steps, data),
        "early": (ALPN, EARLY, all_steps, data + SEND + CLOSE),
        "early-chacha": (SUITE | LIMIT, EARLY, all_steps, data + SEND),
        "early-refused": (0, EARLY | EARLY_REFUSED | NO_EARLY_DATA, all_steps, data + SEND),
        "early-retry": (RETRY, EARLY, all_steps, data),
        "early-declined": (0, EARLY | EXTERNAL, all_steps, data),
        "early-pieces": (0, EARLY, (0, 0), HONEST * 9 + data),
        "early-more": (0, EARLY, (1, 1), at_once(record(23, b"more")) * 3 + SEND + HONEST * 8 + data),
        "early-too-much": (0, EARLY, (1, 1), at_once(record(23, bytes(101)))),
        "early-end": (0, EARLY, (1, 1), at_once(handshake(eoed)) + SEND + HONEST * 8),
        "early-end-twice": (0, EARLY, (3, 3), at_once(handshake(eoed)) * 2),
        "early-finished": (0, EARLY, (2, 2), at_once(message(20, bytes(48)))),
        "early-alert": (0, EARLY, (2, 2), at_once(record(21, b"\2\x28"))),
        "early-refused-more": (0, EARLY | NO_EARLY_DATA, (1, 1), at_once(record(23, bytes(5000))) * 4 + HONEST * 8),
        "binder": (0, 0, (0, 0), changed(65535, 1)),
        "ticket": (0, EARLY, (0, 0), changed(180, 1) + HONEST * 8),
        "selected": (0, BOTH, (0, 0), changed(81, 1) + HONEST * 8),
    }
    for name, (flags, psk, steps, script) in scripts.items():
        for target, first in zip(("client", "server"), steps):
            write(target, "psk-" + name, bytes([flags | PSK, psk, first]) + script)


def write_tls12_connections():
    """Honest messages of a server: five, with a request six, then three with a ticket; of a client: up to six."""
    all_steps = (12, 12)
    staple, ticket = RETRY, 1 << 8
    data = record(23, b"data")
    hello_request, client_hello = handshake(bytes(4)), message(1, bytes(40))
    scripts = {
        "plain": (0, all_steps, data + SEND + record(21, b"\1\0")),
        "everything": (staple | ticket | AUTH | ALPN | LIMIT, all_steps, data + SEND + CLOSE + EOF),
        "no-certificate": (AUTH | NONE | SUITE, all_steps, data + SEND + UPDATE),
        "pieces": (AUTH, (0, 0), HONEST * 12 + data),
        "change-hello": (0, (0, 0), changed(40, 1) + HONEST * 9),
        "change-certificate": (AUTH, (1, 1), changed(300, 128) + HONEST * 9),
        "change-key-exchange": (0, (2, 1), changed(60, 1) + HONEST * 9),
        "ccs-at-once": (0, (0, 0), raw(bytes.fromhex("140303000101")) * 2 + HONEST * 8),
        "ccs-early": (0, (3, 1), raw(bytes.fromhex("140303000101")) + HONEST * 8),
        "warnings": (0, (2, 1), record(21, b"\1\x5a") * 3 + record(21, b"\1\x64") * 5),
        "hello-requests": (0, (2, 1), hello_request * 5),
        "renegotiate": (0, all_steps, data + hello_request + client_hello),
        "staple-missing": (staple, (2, 2), handshake(bytes([12, 0, 0, 0]))),
        "flood": (0, all_steps, record(23, b"") * 40),
        "eof": (ticket, (6, 2), EOF),
    }
    for name, (flags, steps, script) in scripts.items():
        for target, first in zip(("client_tls12", "server_tls12"), steps):
            write(target, name, bytes([flags & 255, first | (128 if flags & ticket else 0)]) + script)


def write_tls12_messages():
    certificate = next(value for label, value in messages() if label == "Certificate")[8:]
    one = certificate[3:3 + int.from_bytes(certificate[:3], "big")]
    hello = b"\3\3" + bytes(32) + vector(1, bytes(32)) + bytes.fromhex("c02b00")
    extensions = bytes.fromhex("ff01000100 00170000 00230000 00050000 000b00020100 001000050003026832 001c00024000")
    scts = struct.pack(">H", 18) + vector(2, vector(2, vector(2, bytes(10))))
    point = bytes.fromhex("03001d") + vector(1, bytes(32))
    for kind, name, body in (
        (0, "server-hello-bare", hello),
        (0, "server-hello", hello + vector(2, extensions + scts)),
        (1, "certificate", vector(3, vector(3, one) + vector(3, one))),
        (1, "certificate-none", vector(3, b"")),
        (2, "status", b"\1" + vector(3, bytes(20))),
        (3, "request", vector(1, b"\x01\x40") + vector(2, bytes.fromhex("04030804")) + vector(2, vector(2, b"0\0"))),
        (4, "server-key", point + bytes.fromhex("0403") + vector(2, bytes(70))),
        (4, "server-key-explicit", b"\1" + bytes(50)),
        (5, "client-key", vector(1, bytes(32))),
        (6, "client-key-rsa", vector(2, bytes(256))),
        (7, "ticket", struct.pack(">I", 3600) + vector(2, b"a ticket")),
        (8, "raw-key", vector(3, bytes.fromhex("302a300506032b6570032100") + bytes(range(32)))),
        (8, "raw-key-none", vector(3, b"")),
    ):
        write("tls12", name, bytes([kind]) + body)


def write_raw_keys():
    certificate = next(value for label, value in messages() if label == "Certificate")
    at = certificate.index(bytes.fromhex("30819f300d06092a864886f70d010101"))
    rsa = certificate[at:at + 162]
    p256 = base64.b64decode(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/"
        "m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==")
    ed25519 = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    for name, key in (("rsa", rsa), ("p256", p256), ("ed25519", ed25519)):
        write("raw_key", name, b"\0" + key)
        credential = struct.pack(">IH", 86400, 0x0403) + vector(3, key) + b"\4\3" + vector(2, bytes(70))
        write("raw_key", "delegated-" + name, b"\1" + credential)
    write("raw_key", "types", b"\2\2\2\0")


def write_cookies():
    for suite, length in ((0x1301, 32), (0x1302, 48)):
        body = b"\1" + struct.pack(">QHHB", 1795262400000, suite, 0x1d, 3) + bytes(length) + bytes(32)
        write("cookie", "suite-%x" % suite, body)
        write("cookie", "suite-%x-short" % suite, body[:-1])


def vector(width, value):
    return len(value).to_bytes(width, "big") + value


def write_sessions():
    """Sessions as src/handshake/session.c writes them, at the time of the tests."""
    now_ms = 1795262400000
    certificate = next(value for label, value in messages() if label == "Certificate")
    chain = vector(2, b"") + vector(3, certificate[11:-2]) + vector(3, b"")

    def session(version=0x0304, secret=32, name=b"server.test", alpn=b"h2", ticket=b"a ticket", lifetime=3600,
                early=16384, peer=chain, issued_ms=now_ms, session_id=b"", bits=0, shown_key=b""):
        suite = 0x1302 if secret == 48 else 0x1301
        return (bytes([3, bits]) + struct.pack(">HHHH", version, suite, 0x001d, 0x0804) + vector(1, bytes(range(secret))) +
                vector(1, name) + vector(1, alpn) + vector(2, ticket) + vector(1, session_id) +
                struct.pack(">QQIII", issued_ms, issued_ms, lifetime, 0x01020304, early) + vector(1, shown_key) +
                vector(3, peer))

    write("session", "early", session())
    write("session", "sha384", session(secret=48, alpn=b"", early=0))
    write("session", "expired", session(issued_ms=now_ms - 3600000))
    write("session", "long-ticket", session(ticket=bytes(20000)))
    write("session", "other-name", session(name=b"other.test"))
    write("session", "nobody", session(peer=b""))
    write("session", "tls12", session(version=0x0303, secret=48, ticket=b"", session_id=bytes(32)))
    write("session", "named", session(bits=1, shown_key=bytes(32)))
    ed25519 = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    write("session", "raw-key", session(bits=2, peer=vector(2, b"") + vector(3, ed25519) + vector(3, b"")))
    write("session", "malformed", session(peer=vector(2, b"") + vector(3, b"0\0") + vector(3, b"")))


def write_timestamps():
    key = bytes(re.search(rb"log_spki\[\] = \{(.*?)\}", (HERE / "fuzz_sct.c").read_bytes(), re.S)[1])
    log_id = hashlib.sha256(bytes(int(b, 16) for b in re.findall(rb"0x(..)", key))).digest()
    sct = b"\0" + log_id + struct.pack(">QHBBH", 1795176000000, 0, 4, 3, 8) + bytes.fromhex("3006020101020101")
    item = struct.pack(">H", len(sct)) + sct
    newer = struct.pack(">H", 3) + b"\1xy"
    scts = struct.pack(">H", 2 * len(item) + len(newer)) + item + newer + item
    for path in sorted(CT.glob("*.pem")):
        text = path.read_text().split("-----")[2]
        der = base64.b64decode(text)
        write("sct", path.stem, der)
        write("sct", path.stem + "-with-list", struct.pack(">H", len(scts)) + scts + der)
    write("sct", "list", scts)
    logs = (CT / "logs.json").read_bytes()
    write("log_list", "logs", logs)
    first = json.loads(logs)["operators"][0]
    write("log_list", "small", json.dumps({"operators": [first]}).encode())


def der(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    width = (n.bit_length() + 7) // 8
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([128 | width]) + n.to_bytes(width, "big")) + content


SEQUENCE, SET, INTEGER, OCTETS, OID, UTC, ENUMERATED = 0x30, 0x31, 2, 4, 6, 0x17, 10
TRUE = der(1, b"\xff")


def extension(number, value, critical=False):
    """An extension of the arc 2.5.29."""
    return der(SEQUENCE, der(OID, bytes([0x55, 0x1D, number])), TRUE if critical else b"", der(OCTETS, value))


def entry(serial, *extensions):
    return der(SEQUENCE, der(INTEGER, serial), der(UTC, b"261120120000Z"),
               der(SEQUENCE, *extensions) if extensions else b"")


def crl(entries, *extensions):
    algorithm = der(SEQUENCE, der(OID, bytes.fromhex("2a8648ce3d040302")))
    name = der(SEQUENCE, der(SET, der(SEQUENCE, der(OID, b"\x55\x04\x03"), der(12, b"root"))))
    tbs = der(SEQUENCE, der(INTEGER, b"\1"), algorithm, name, der(UTC, b"261120120000Z"), der(UTC, b"261122120000Z"),
              der(SEQUENCE, *entries) if entries else b"", der(0xA0, der(SEQUENCE, *extensions)))
    return der(SEQUENCE, tbs, algorithm, der(3, b"\0", der(SEQUENCE, der(INTEGER, b"\1"), der(INTEGER, b"\1"))))


def write_crls():
    number = extension(20, der(INTEGER, b"\7"))
    key_id = extension(35, der(SEQUENCE, der(0x80, bytes(range(20)))))
    point = der(0xA0, der(0xA0, der(0x86, b"http://a.test/1"), der(0x86, b"http://a.test/2")))
    reasons = [extension(21, der(ENUMERATED, bytes([n]))) for n in range(11)]
    date = extension(24, der(24, b"20261120120000Z"))
    some = [entry(bytes([n + 1]), reasons[n]) for n in (1, 6, 10)]
    lists = {
        "empty": crl([], number),
        "plain": crl([entry(b"\5"), entry(b"\3"), entry(b"\0\x80")], key_id, number),
        "reasons": crl(some, number, key_id),
        "date": crl([entry(b"\1\2\3", reasons[4], date)], number),
        "doubles": crl([entry(b"\7", reasons[6]), entry(b"\7"), entry(b"\7", reasons[1])], number),
        "users": crl(some, number, extension(28, der(SEQUENCE, der(0x81, b"\xff")), True)),
        "cas": crl(some, number, extension(28, der(SEQUENCE, der(0x82, b"\xff")), True)),
        "point": crl(some, number, extension(28, der(SEQUENCE, point), True)),
        "indirect": crl(some, number, extension(28, der(SEQUENCE, der(0x84, b"\xff")), True)),
        "delta": crl([entry(b"\7", reasons[8])], number, extension(27, der(INTEGER, b"\6"), True)),
        "other-issuer": crl([entry(b"\7", extension(29, der(SEQUENCE, der(0x82, b"x")), True))], number),
        "many": crl([entry(bytes([1, n * 37 % 256])) for n in range(200)], number),
        "points": b"\0\0" + der(SEQUENCE, der(SEQUENCE, point), der(SEQUENCE, point, der(0x81, b"\6\x40")),
                                der(SEQUENCE, der(0xA2, der(0x82, b"x")))),
    }
    for name, value in lists.items():
        write("crl", name, value)


# ---- OCSP: about the certificate of fuzz_ocsp.c with the serial number 7 --------------------------

ISSUER_KEY = bytes.fromhex("8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c")
RESPONDER_KEY = bytes.fromhex("8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394")
GOOD, UNKNOWN = b"\x80\0", b"\x82\0"


def name(text):
    return der(0x30, der(0x31, der(0x30, b"\x06\3\x55\4\3", der(0x0C, text))))


def time(text):
    return der(0x18, text.encode() + b"Z")


def revoked(reason):
    return der(0xA1, time("20261120120000"), der(0xA0, der(0x0A, bytes([reason]))))


def single(status, hashed=hashlib.sha1, serial=7, until="20261122120000", extensions=b""):
    oid = "06052b0e03021a" if hashed == hashlib.sha1 else "0609608648016503040201"
    cert_id = der(0x30, der(0x30, bytes.fromhex(oid), b"\5\0"), der(4, hashed(name(b"ca")).digest()),
                  der(4, hashed(ISSUER_KEY).digest()), der(2, bytes([serial])))
    return der(0x30, cert_id, status, time("20261121110000"), der(0xA0, time(until)) if until else b"",
               der(0xA1, der(0x30, extensions)) if extensions else b"")


def response_data(responder, *singles, extensions=b""):
    return der(0x30, responder, time("20261121110000"), der(0x30, *singles),
               der(0xA1, der(0x30, extensions)) if extensions else b"")


def write_ocsp():
    by_issuer, by_responder = der(0xA1, name(b"ca")), der(0xA1, name(b"responder"))
    by_key = der(0xA2, der(4, hashlib.sha1(RESPONDER_KEY).digest()))
    scts = der(0x30, bytes.fromhex("060a2b06010401d679020405"), der(4, der(4, b"list")))
    nonce = der(0x30, bytes.fromhex("06092b0601050507300102"), der(4, der(4, b"once")))
    critical = der(0x30, b"\x06\3\x55\4\3\1\1\xff", der(4, b"\5\0"))
    seeds = {
        "good": (0, 0, response_data(by_issuer, single(GOOD))),
        "good-sha256": (0, 0, response_data(by_issuer, single(GOOD, hashlib.sha256), extensions=nonce)),
        "good-no-end": (0, 5, response_data(by_issuer, single(GOOD, until=None))),
        "old": (0, 100, response_data(by_issuer, single(GOOD))),
        "unknown": (0, 0, response_data(by_issuer, single(UNKNOWN))),
        "revoked": (0, 0, response_data(by_issuer, single(revoked(1)))),
        "several": (0, 0, response_data(by_issuer, single(GOOD, serial=8), single(GOOD), single(revoked(4)))),
        "scts": (0, 0, response_data(by_issuer, single(GOOD, extensions=scts))),
        "critical": (0, 0, response_data(by_issuer, single(GOOD, extensions=critical))),
        "delegated": (2, 0, response_data(by_responder, single(GOOD))),
        "delegated-key": (2, 0, response_data(by_key, single(revoked(5)))),
        "raw-try-later": (1, 0, bytes.fromhex("30030a0103")),
    }
    basic = der(0x30, seeds["good"][2], bytes.fromhex("300506032b6570"), der(3, bytes(65)))
    whole = der(0x30, b"\x0a\1\0", der(0xA0, der(0x30, bytes.fromhex("06092b0601050507300101"), der(4, basic))))
    seeds["raw-good"] = (1, 0, whole)
    for label, (flags, hours, data) in seeds.items():
        write("ocsp", label, bytes([flags, hours]) + data)


def write_certificates():
    """Chains for fuzz_cert: each certificate behind its length in two bytes; and the same as DER and PEM."""
    for path in sorted(CT.glob("*.pem")):
        blocks = re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END", path.read_text(), re.S)
        chain = [base64.b64decode(block) for block in blocks]
        write("cert", path.stem, b"".join(struct.pack(">H", len(c)) + c for c in chain))
        write("der", path.stem, chain[0])
        write("pem", path.stem, path.read_bytes())
    names = ["ValidpathLenConstraintTest13EE", "pathLenConstraint6CACert", "nameConstraintsDN1CACert",
             "nameConstraintsRFC822CA1Cert", "nameConstraintsURI1CACert", "Mapping1to2CACert", "inhibitAnyPolicy1CACert",
             "PoliciesP1234CACert", "DSACACert", "GeneralizedTimeCRLnextUpdateCACert", "NameConstraintsDNS1CACert"]
    text = (HERE.parent / "vectors" / "pkits" / "pkits.pem").read_text()
    for name in names:
        found = re.search(rf"^{name}\n-----BEGIN CERTIFICATE-----(.*?)-----END", text, re.S | re.M | re.I)
        if found:
            c = base64.b64decode(found[1])
            write("cert", name, struct.pack(">H", len(c)) + c)


def vectors(width, *parts):
    return vector(width, b"".join(parts))


def write_ech():
    """For fuzz_ech: configurations, extensions, and hellos in their encoding (RFC 9849)."""
    config = bytes([7, 0, 0x20]) + vectors(2, bytes(range(32))) + vectors(2, bytes([0, 1, 0, 1, 0, 1, 0, 3]))
    config += bytes([42]) + vectors(1, b"public.test")
    whole = b"\xfe\x0d" + vectors(2, config, b"\0\0")
    optional = b"\xfe\x0d" + vectors(2, config, vectors(2, bytes.fromhex("2a2a000155")))
    write("ech", "list", b"\0" + vectors(2, whole))
    write("ech", "list-of-three", b"\0" + vectors(2, b"\xfe\x0a\0\0", optional, whole))
    offer = bytes.fromhex("000001000107") + vectors(2, bytes(32)) + vectors(2, bytes(range(100)))
    write("ech", "outer", b"\1" + offer)
    write("ech", "inner", b"\1\1")

    def extension_of(kind, *content):
        return struct.pack(">H", kind) + vectors(2, *content)

    start = b"\x03\x03" + bytes(range(32))
    middle = vectors(2, b"\x13\x01") + vectors(1, b"\0")
    shared = [extension_of(10, vectors(2, b"\0\x1d")), extension_of(13, vectors(2, b"\x04\x03")),
              extension_of(51, vectors(2, b"\0\x1d", vectors(2, bytes(32))))]
    outer = start + vectors(1, b"session") + middle + vectors(2, *shared, extension_of(0xFE0D, offer))
    versions = extension_of(43, vectors(1, b"\x03\x04"))
    for name, types in {"all": (10, 13, 51), "one": (51,), "order": (51, 10), "twice": (10, 10), "self": (0xFE0D,)}.items():
        names = extension_of(0xFD00, vectors(1, b"".join(struct.pack(">H", t) for t in types)))
        inner = start + b"\0" + middle + vectors(2, extension_of(0xFE0D, b"\1"), versions, names)
        write("ech", "encoded-" + name, b"\2" + vectors(2, outer) + inner + bytes(16))
    write("ech", "encoded-plain", b"\2" + vectors(2, outer) + start + b"\0" + middle + vectors(2, versions))


def write_dissect():
    """For fuzz_dissect: messages of the trace, hellos of browsers, certificates, records."""
    names = ("ClientHello", "ServerHello", "HelloRetryRequest", "EncryptedExtensions", "Certificate", "CertificateRequest",
             "CertificateVerify", "Finished", "NewSessionTicket")
    seen = sorted({(label, value) for label, value in messages() if label in names})
    for i, (label, value) in enumerate(seen):
        write("dissect", "rfc8448-%s-%d" % (label, i), b"\x24" + value)
    for path in sorted((HERE.parent / "vectors" / "browsers").glob("*.hex")):
        write("dissect", path.stem, b"\x0c" + bytes.fromhex(path.read_text()))
    for path in sorted(CT.glob("*.pem")):
        first = re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", path.read_text(), re.S)
        write("dissect", path.stem, b"\x03" + base64.b64decode(first[1]))
    write("dissect", "alert", bytes.fromhex("00150303000202") + b"\x2d")
    write("dissect", "sealed", bytes.fromhex("011703030012") + bytes(18))
    write("dissect", "ccs", b"\x02\x01")
    key_exchange = b"\x03\x00\x17" + vectors(1, bytes(65)) + b"\x04\x03" + vectors(2, bytes(70))
    write("dissect", "server-key-exchange", b"\x94\x0c\0" + vectors(2, key_exchange))
    write("dissect", "client-key-exchange", b"\x54\x10\0" + vectors(2, vectors(2, bytes(256))))


KINDS = {"record": 0, "message": 1, "alert": 2, "key": 3, "check": 4, "choice": 5, "wire": 6, "network": 7}
CLIENT, BY_CLIENT, OUT, ENCRYPTED, AGAIN, FAILED = 1, 2, 4, 8, 16, 32


def tls_record(kind, content):
    return bytes([kind, 3, 3]) + vectors(2, content)


def event(kind, flags=0, of=0, inner_of=0, title=0, status=0, text=b"", data=b"", inner=b""):
    """An event as fuzz_walk.c reads it."""
    return bytes([KINDS[kind], flags, of, inner_of, title, status]) + vectors(1, text) + vectors(2, data) + vectors(2, inner)


def walk_flight(sent, watched):
    """Messages with their records, as the ends `watched` (flags of CLIENT) note them."""
    out = b""
    for by_client, value in sent:
        by = BY_CLIENT if by_client else 0
        for at in watched:
            flags = at | by | (OUT if bool(at) == by_client else 0)
            out += event("record", flags, 22, 22, data=tls_record(22, value), inner=value)
            out += event("message", flags, value[0], data=value)
    return out


def write_walk():
    """For fuzz_walk: the handshake of RFC 8448 as one end and as both note it, with keys and checks, and what goes wrong."""
    first = {}
    for label, value in messages():
        first.setdefault(label, value)
    names = ("ClientHello", "ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify", "Finished")
    sent = [(name == "ClientHello", first[name]) for name in names]
    for name, how, watched in (("server", 0x0e, [0]), ("client", 0x0e, [CLIENT]), ("both", 0x0e, [0, CLIENT]), ("tls12", 0x09, [CLIENT]),
                               ("resumed", 0x1e, [0])):
        keys = b"".join(event("key", at, title=i, data=bytes(32)) for at in watched for i in range(21))
        checks = b"".join(event("check", watched[-1], title=i, status=s, text=b"leaf <x>: \xc3\xa9 \xff\x1b[2J")
                          for i, s in ((21, 0), (23, 0), (25, 0), (26, 2)))
        failed = event("check", FAILED | watched[-1], status=2, text="\u20ac".encode() * 80)
        alert = event("alert", watched[-1] | OUT | (BY_CLIENT if watched[-1] else 0), 45, data=b"\x02\x2d")
        choices = event("choice", watched[0], title=28, text=b"http/1.1")
        data = b"".join(event("record", watched[0] | ENCRYPTED | OUT, 23, 23, data=raw_data, inner=b"HTTP/1.1 200 <x>\r\n")
                        for raw_data in (tls_record(23, bytes(40)), tls_record(23, bytes(41))))
        ccs = event("record", watched[0], 20, 20, data=tls_record(20, b"\x01"), inner=b"\x01")
        write("walk", name, bytes([how]) + event("network", CLIENT, title=29) + walk_flight(sent[:2], watched) + choices + keys +
              ccs + walk_flight(sent[2:], watched) + checks + data)
        write("walk", name + "-failed", bytes([how]) + walk_flight(sent, watched) + keys + checks + failed + alert)
    changed_hello = bytes([sent[1][1][0]]) + bytes(len(sent[1][1]) - 1)
    write("walk", "meddled", b"\x02" + walk_flight(sent[:1], [CLIENT, 0]) + event("message", OUT, 2, data=sent[1][1]) +
          event("wire", CLIENT, text=b"changes it", data=changed_hello) + event("message", CLIENT, 2, data=changed_hello) +
          event("record", CLIENT | AGAIN, 22, 22) + event("record", CLIENT | AGAIN, 22, 22) + event("wire", CLIENT | ENCRYPTED, text=b"listens"))
    write("walk", "many", b"\x02" + event("record", ENCRYPTED | BY_CLIENT, 23, 23, data=tls_record(23, b"x"), inner=b"y") * 300)


write_messages()
write_ech()
write_certificates()
write_connections()
write_psk_connections()
write_sessions()
write_timestamps()
write_crls()
write_ocsp()
write_tls12_connections()
write_tls12_messages()
write_raw_keys()
write_cookies()
write_dissect()
write_walk()
