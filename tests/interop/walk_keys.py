"""Recomputes all that a walk shows: the key schedules of TLS 1.3 (RFC 8446 §7) and 1.2 (RFC 5246 §5), both
Finished, the signatures, and every record. hashlib, hmac and libcrypto do the work, none of our code does."""
import ctypes
import ctypes.util
import hashlib
import hmac
import struct

# ---- AEAD by libcrypto ------------------------------------------------------------------------------

_CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
for _name in ("EVP_aes_128_gcm", "EVP_aes_256_gcm", "EVP_chacha20_poly1305", "EVP_CIPHER_CTX_new"):
    getattr(_CRYPTO, _name).restype = ctypes.c_void_p
_GET_TAG, _SET_TAG = 0x10, 0x11


def aead_open(suite, key, nonce, aad, sealed):
    """The plaintext, or an AssertionError if it does not open."""
    kind = (_CRYPTO.EVP_chacha20_poly1305 if "CHACHA20" in suite
            else _CRYPTO.EVP_aes_256_gcm if "AES_256" in suite else _CRYPTO.EVP_aes_128_gcm)
    assert len(nonce) == 12 and len(sealed) >= 16
    text, tag = sealed[:-16], sealed[-16:]
    c = ctypes.c_void_p(_CRYPTO.EVP_CIPHER_CTX_new())
    n, out = ctypes.c_int(), ctypes.create_string_buffer(len(text) + 16)
    try:
        assert _CRYPTO.EVP_DecryptInit_ex(c, ctypes.c_void_p(kind()), None, key, nonce) == 1
        assert _CRYPTO.EVP_CIPHER_CTX_ctrl(c, _SET_TAG, 16, ctypes.c_char_p(tag)) == 1
        assert _CRYPTO.EVP_DecryptUpdate(c, None, ctypes.byref(n), aad, len(aad)) == 1
        assert _CRYPTO.EVP_DecryptUpdate(c, out, ctypes.byref(n), text, len(text)) == 1
        assert _CRYPTO.EVP_DecryptFinal_ex(c, ctypes.byref(ctypes.create_string_buffer(16)), ctypes.byref(n)) == 1, \
            "the record does not open"
        return out.raw[:len(text)]
    finally:
        _CRYPTO.EVP_CIPHER_CTX_free(c)


# ---- HKDF and the PRF -------------------------------------------------------------------------------


def expand_label(hash, secret, label, context, n):
    """HKDF-Expand-Label (RFC 8446 §7.1)."""
    label = b"tls13 " + label.encode()
    info = struct.pack(">HB", n, len(label)) + label + bytes([len(context)]) + context
    out = block = b""
    while len(out) < n:
        block = hmac.digest(secret, block + info + bytes([len(out) // hash().digest_size + 1]), hash)
        out += block
    return out[:n]


def prf(hash, secret, label, seed, n):
    """The PRF of TLS 1.2 (RFC 5246 §5)."""
    seed = a = label.encode() + seed
    out = b""
    while len(out) < n:
        a = hmac.digest(secret, a, hash)
        out += hmac.digest(secret, a + seed, hash)
    return out[:n]


# ---- What a walk holds ------------------------------------------------------------------------------


class Walk:
    """A walk as it was exported. `value(name)` is what is shown of a secret, and counts as looked at."""

    def __init__(self, walk):
        self.walk, self.suite = walk, walk["suite"]
        self.hash = hashlib.sha384 if "SHA384" in walk["suite"] else hashlib.sha256
        self.size = self.hash().digest_size
        self.key_size = 16 if "AES_128" in self.suite else 32
        self.steps = walk["steps"]
        self.secrets = {}
        for step in self.steps:
            for secret in step.get("secrets", ()):
                self.secrets.setdefault(secret["name"], []).append(bytes.fromhex(secret["value"]))
        self.seen = set()
        # change_cipher_spec is no message of the handshake, and what arrived changed was never said.
        self.messages = [(s["from"], s["name"], bytes.fromhex(s["bytes"])) for s in self.steps
                         if s["layer"] == "handshake" and s["name"] != "change_cipher_spec"]

    def value(self, name, i=-1):
        self.seen.add((name, self.secrets[name][i]))
        return self.secrets[name][i]

    def is_shown(self, name, expected):
        """If it is shown, it is this."""
        if name in self.secrets:
            assert expected in self.secrets[name], f"{name} is not {expected.hex()}"
            self.seen.add((name, expected))

    def all_seen(self):
        shown = {(name, value) for name, values in self.secrets.items() for value in values}
        assert shown == self.seen, f"not recomputed: {[n for n, _ in shown - self.seen]}"

    def position(self, name, by=None, nth=0):
        found = [i for i, (who, n, _) in enumerate(self.messages) if n == name and by in (None, who)]
        return found[nth] if len(found) > nth else None

    def before(self, i):
        """The messages before the i-th, as the transcript has them (RFC 8446 §4.4.1)."""
        messages = [(n, b) for _, n, b in self.messages[:i] if n != "HelloRequest"]
        retry = next((k for k, (n, _) in enumerate(messages) if n == "HelloRetryRequest"), None)
        if retry is not None:
            first = self.hash(messages[0][1]).digest()
            messages[0] = ("message_hash", b"\xfe\x00\x00" + bytes([len(first)]) + first)
        return b"".join(b for _, b in messages)

    def transcript(self, i):
        return self.hash(self.before(i)).digest()

    def through(self, i):
        return self.transcript(i + 1)

    # -- records hold messages

    def stream(self, side):
        """What the records of one side carry of the handshake."""
        return b"".join(bytes.fromhex(r["plain"]) for r in self.walk["records"]
                        if r["from"] == side and r.get("inner_type") == 22 and r["fate"] in ("delivered", "dropped"))

    def messages_are_in_records(self):
        for side in ("client", "server"):
            assert self.stream(side) == b"".join(b for who, _, b in self.messages if who == side), side
        for step in self.steps:
            if "records" in step and step["layer"] in ("handshake", "record") and step["from"] != "wire":
                rows = [self.walk["records"][i] for i in step["records"]]
                assert all(r["from"] == step["from"] for r in rows), step["n"]
                assert step["bytes"] in "".join(r["plain"] for r in rows), step["n"]


# ---- TLS 1.3 ----------------------------------------------------------------------------------------

RECORD_KEYS = {"c e traffic": "client early", "c hs traffic": "client handshake", "s hs traffic": "server handshake",
               "c ap traffic": "client application", "s ap traffic": "server application"}


def binders_at(hello):
    """Where the binders begin in a ClientHello with pre_shared_key, which is the last extension."""
    at = 4 + 34
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at:at + 2], "big")
    at += 1 + hello[at]
    end = at + 2 + int.from_bytes(hello[at:at + 2], "big")
    at += 2
    while at < end:
        kind, size = struct.unpack(">HH", hello[at:at + 4])
        at += 4
        if kind == 41:
            return at + 2 + int.from_bytes(hello[at:at + 2], "big")
        at += size
    return None


class Schedule13(Walk):
    def check(self):
        """Recomputes everything; returns how many secrets and records were checked."""
        self.ladder()
        self.record_keys()
        self.finished()
        self.binder()
        self.all_seen()
        self.messages_are_in_records()
        return len(self.seen), self.records()

    def derive(self, secret, label, context):
        return expand_label(self.hash, secret, label, context, self.size)

    def extract(self, salt, key):
        return hmac.digest(salt, key, self.hash)

    def ladder(self):
        zeros, empty = bytes(self.size), self.hash(b"").digest()
        psk = self.value("PSK") if "PSK" in self.secrets else zeros
        early = self.extract(zeros, psk if self.walk["resumed"] else zeros)
        self.is_shown("early secret", early)
        for other in self.secrets.get("PSK", ()):  # one that was offered and not taken
            offered = self.extract(zeros, other)
            if offered in self.secrets["early secret"]:
                self.seen.add(("PSK", other))
                self.is_shown("early secret", offered)
                self.is_shown("binder key", self.derive(offered, "res binder", empty))
                self.is_shown("c e traffic", self.derive(offered, "c e traffic", self.through(0)))
                self.is_shown("e exp master", self.derive(offered, "e exp master", self.through(0)))
        hello = self.position("ServerHello")
        handshake = self.extract(self.derive(early, "derived", empty), self.value("(EC)DHE shared secret"))
        self.is_shown("handshake secret", handshake)
        hello = self.through(hello)
        self.is_shown("c hs traffic", self.derive(handshake, "c hs traffic", hello))
        self.is_shown("s hs traffic", self.derive(handshake, "s hs traffic", hello))
        master = self.extract(self.derive(handshake, "derived", empty), zeros)
        self.is_shown("master secret", master)
        finished = self.position("Finished", "server")
        for name in ("c ap traffic", "s ap traffic", "exp master"):
            self.is_shown(name, self.derive(master, name, self.through(finished)) if finished is not None else b"")
        finished = self.position("Finished", "client")
        self.is_shown("res master", self.derive(master, "res master", self.through(finished))
                      if finished is not None else b"")
        for name in ("c ap traffic", "s ap traffic"):
            last = self.secrets.get(name, [b""])[-1]
            for _ in self.secrets.get(f"{name}, updated", ()):
                last = self.derive(last, "traffic upd", b"")
                self.is_shown(f"{name}, updated", last)

    def keys_of(self, secret):
        return (expand_label(self.hash, secret, "key", b"", self.key_size),
                expand_label(self.hash, secret, "iv", b"", 12))

    def record_keys(self):
        for name, of in RECORD_KEYS.items():
            for more in (name, f"{name}, updated"):
                for secret in self.secrets.get(more, ()):
                    key, iv = self.keys_of(secret)
                    self.is_shown(f"{of} key", key)
                    self.is_shown(f"{of} iv", iv)

    def finished(self):
        self.confirmed = set()
        for side in ("client", "server"):
            i = self.position("Finished", side)
            secret = f"{side[0]} hs traffic"
            if secret not in self.secrets:
                continue
            key = expand_label(self.hash, self.secrets[secret][-1], "finished", b"", self.size)
            self.is_shown(f"{side} finished key", key)
            if i is not None:
                assert self.messages[i][2][4:] == hmac.digest(key, self.transcript(i), self.hash), f"{side}'s Finished"
                self.confirmed.add(side)

    def binder(self):
        """RFC 8446 §4.2.11.2: over the ClientHello up to the binders; of the PSK that was offered first."""
        self.bound = False
        for nth in (0, 1):
            i = self.position("ClientHello", nth=nth)
            if i is None or "binder key" not in self.secrets:
                continue
            at = binders_at(self.messages[i][2])
            if at is None:
                continue
            binder = self.messages[i][2][at + 3:at + 3 + self.size]
            digest = self.hash(self.before(i) + self.messages[i][2][:at]).digest()
            key = expand_label(self.hash, self.secrets["binder key"][0], "finished", b"", self.size)
            assert binder == hmac.digest(key, digest, self.hash)
            self.bound = True

    def records(self):
        opened = 0
        for i, row in enumerate(self.walk["records"]):
            data = bytes.fromhex(row["bytes"])
            if not row["encrypted"]:
                assert data[5:].hex() == row["plain"] and row.get("secret") is None, i
                continue
            if row["fate"] != "delivered" and "plain" not in row:
                continue
            assert data[0] == row["type"] == 23 and len(data) == 5 + int.from_bytes(data[3:5], "big"), i
            key, iv = self.keys_of(self.secrets[row["secret"]][-1])
            nonce = bytes(a ^ b for a, b in zip(iv, row["sequence"].to_bytes(12, "big")))
            inner = aead_open(self.suite, key, nonce, data[:5], data[5:]).rstrip(b"\0")
            assert inner[-1] == row["inner_type"] and inner[:-1].hex() == row["plain"], i
            opened += 1
        return opened

    def signed_by_server(self):
        """What CertificateVerify signs (§4.4.3), its signature and SignatureScheme."""
        i = self.position("CertificateVerify", "server")
        body = self.messages[i][2][4:]
        return (b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + self.transcript(i), body[4:],
                int.from_bytes(body[:2], "big"))


# ---- TLS 1.2 ----------------------------------------------------------------------------------------


class Schedule12(Walk):
    def check(self):
        self.master()
        self.key_block()
        self.finished()
        self.all_seen()
        self.messages_are_in_records()
        return len(self.seen), self.records()

    def randoms(self):
        hellos = {n: b for _, n, b in self.messages if n in ("ClientHello", "ServerHello")}
        return hellos["ClientHello"][6:38], hellos["ServerHello"][6:38]

    def master(self):
        self.secret = self.value("master secret")
        if not self.walk["resumed"]:
            digest = self.through(self.position("ClientKeyExchange"))
            assert self.secret == prf(self.hash, self.value("premaster secret"), "extended master secret", digest, 48)

    def key_block(self):
        client, server = self.randoms()
        iv = 12 if "CHACHA20" in self.suite else 4
        block = prf(self.hash, self.secret, "key expansion", server + client, 2 * self.key_size + 2 * iv)
        self.keys = {}
        for name, n in (("client_write_key", self.key_size), ("server_write_key", self.key_size),
                        ("client_write_IV", iv), ("server_write_IV", iv)):
            self.keys[name], block = block[:n], block[n:]
            self.is_shown(name, self.keys[name])

    def finished(self):
        self.confirmed = set()
        for side in ("client", "server"):
            i = self.position("Finished", side)
            if i is not None:
                made = prf(self.hash, self.secret, f"{side} finished", self.transcript(i), 12)
                assert self.messages[i][2][4:] == made, f"{side}'s Finished"
                self.confirmed.add(side)

    def records(self):
        opened = 0
        for i, row in enumerate(self.walk["records"]):
            data = bytes.fromhex(row["bytes"])
            if not row["encrypted"]:
                assert data[5:].hex() == row["plain"] and row.get("secret") is None, i
                continue
            if row["fate"] != "delivered" and "plain" not in row:
                continue
            assert row["secret"] == f"{row['from']}_write_key", i
            key, iv = self.keys[row["secret"]], self.keys[f"{row['from']}_write_IV"]
            sequence = row["sequence"].to_bytes(8, "big")
            if "CHACHA20" in self.suite:  # RFC 7905 §2
                nonce, sealed = bytes(a ^ b for a, b in zip(iv, bytes(4) + sequence)), data[5:]
            else:  # RFC 5288 §3
                nonce, sealed = iv + data[5:13], data[13:]
            aad = sequence + data[:3] + struct.pack(">H", len(sealed) - 16)
            assert aead_open(self.suite, key, nonce, aad, sealed).hex() == row["plain"], i
            opened += 1
        return opened

    def signed_by_server(self):
        """What ServerKeyExchange signs (RFC 8422 §5.4), its signature and SignatureScheme."""
        body = self.messages[self.position("ServerKeyExchange")][2][4:]
        n = 4 + body[3]
        client, server = self.randoms()
        return client + server + body[:n], body[n + 4:], int.from_bytes(body[n:n + 2], "big")


def schedule(walk):
    return (Schedule12 if walk["tls"] == "1.2" else Schedule13)(walk)
