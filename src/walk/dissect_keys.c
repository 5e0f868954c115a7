/*
 * dissect_keys.c - extensions about keys: versions, groups, shares, signatures, keys from before.
 */
#include <lockstep/lockstep.h>

#include "walk/dissect.h"
#include "walk/names.h"
#include "wire/types.h"

/* The list is the extension's only content: what it says is the extension's value too. */
static bool only_codes(lk_part *p, size_t width, const char *name, size_t each, const char *item,
                       const char *(*name_of)(uint16_t code)) {
    lk_reader at = p->r;
    lk_slice codes;
    lk_summary summary = {0};
    uint64_t code;
    if (lk_read_vector(&at, width, 0, UINT16_MAX, &codes))
        for (lk_reader r = lk_reader_of(codes); lk_read_uint(&r, each, &code);)
            lk_summary_add(&summary, name_of((uint16_t)code));
    lk_part_summary(p, &summary);
    return lk_part_codes(p, width, name, "", each, item, name_of);
}

bool lk_read_supported_versions(lk_part *p, lk_place place) {
    uint16_t version;
    if (place == LK_IN_CLIENT_HELLO)
        return only_codes(p, 1, "versions", 2, "ProtocolVersion", lk_name_version);
    lk_part_text(p, "The version that the server chose; the version field at the front only looks "
                    "like TLS 1.2.");
    if (!lk_part_code(p, 2, "selected_version", "", lk_name_version, &version))
        return false;
    lk_part_value(p, "%s", lk_name_version(version));
    return true;
}

bool lk_read_supported_groups(lk_part *p, lk_place place) {
    if (place == LK_IN_ENCRYPTED_EXTENSIONS)
        lk_part_text(p, "The groups that the server likes, for the client to know the next time.");
    return only_codes(p, 2, "named_group_list", 2, "NamedGroup", lk_name_group);
}

bool lk_read_signature_algorithms(lk_part *p, lk_place place) {
    (void)place;
    return only_codes(p, 2, "supported_signature_algorithms", 2, "SignatureScheme", lk_name_scheme);
}

/* ---- key_share (RFC 8446 §4.2.8) ------------------------------------------------------------- */

#define X25519_LEN 32
#define P256_LEN   65
#define P384_LEN   97

typedef struct half {
    const char *name, *text;
} half;

static const half kem[2] = {
    {"ML-KEM ciphertext",
     "A secret that the server drew, locked with the client's ML-KEM key. Only the client can open "
     "it; a quantum computer would not help."},
    {"ML-KEM encapsulation key",
     "A public key of ML-KEM (FIPS 203): the server locks a secret with it. This is the part that "
     "holds against quantum computers."}};
static const half curve = {
    "elliptic curve share",
    "A public point of an elliptic curve. It is well tested, should the newer ML-KEM have a "
    "weakness; both must be broken to get at the keys."};

/* read_halves: "the concatenation of" both shares, in the order that the group says
 * (draft-ietf-tls-ecdhe-mlkem §4). */
static bool read_halves(lk_part *p, uint16_t group, bool by_client) {
    size_t point = group == LOCKSTEP_GROUP_SECP256R1MLKEM768    ? P256_LEN
                   : group == LOCKSTEP_GROUP_SECP384R1MLKEM1024 ? P384_LEN
                                                                : X25519_LEN;
    const half *k = &kem[by_client];
    if (p->r.left <= point)
        return lk_part_rest(p, "bytes", "");
    if (group == LOCKSTEP_GROUP_X25519MLKEM768)
        return lk_part_bytes(p, p->r.left - point, k->name, k->text) &&
               lk_part_bytes(p, point, curve.name, curve.text);
    return lk_part_bytes(p, point, curve.name, curve.text) && lk_part_rest(p, k->name, k->text);
}

bool lk_dissect_key(lk_part *p, size_t width, uint16_t group, bool by_client) {
    lk_part key;
    bool hybrid = group == LOCKSTEP_GROUP_X25519MLKEM768 ||
                  group == LOCKSTEP_GROUP_SECP256R1MLKEM768 ||
                  group == LOCKSTEP_GROUP_SECP384R1MLKEM1024;
    const char *text =
        "The public half: anybody may see it. The secret half never leaves its side.";
    if (!hybrid)
        return lk_part_opaque(p, width, "key_exchange", text, NULL);
    if (!lk_part_vector(p, width, "key_exchange", text, &key))
        return false;
    lk_part_value(&key, "%zu bytes: two shares, one behind the other", key.r.left);
    lk_part_end(&key, read_halves(&key, group, by_client));
    return true;
}

/* read_entry reads a KeyShareEntry. */
static bool read_entry(lk_part *p, bool by_client, lk_summary *summary) {
    uint16_t group;
    if (!lk_part_code(p, 2, "group", "", lk_name_group, &group) ||
        !lk_dissect_key(p, 2, group, by_client))
        return false;
    lk_summary_add(summary, lk_name_group(group));
    return true;
}

static bool read_client_shares(lk_part *p) {
    lk_part list, entry;
    lk_summary summary = {0};
    if (!lk_part_vector(p, 2, "client_shares", "", &list))
        return false;
    while (!lk_part_empty(&list)) {
        lk_reader at = list.r;
        lk_summary one = {0};
        uint16_t group, length;
        if (!lk_read_u16(&at, &group) || !lk_read_u16(&at, &length) ||
            !lk_part_open(&list, 4 + (size_t)length, "KeyShareEntry", "", &entry))
            break;
        lk_part_end(&entry, read_entry(&entry, true, &one));
        lk_part_summary(&entry, &one);
        lk_summary_add(&summary, one.text);
    }
    lk_part_summary(p, &summary);
    lk_part_end(&list, true);
    return true;
}

bool lk_read_key_share(lk_part *p, lk_place place) {
    lk_summary summary = {0};
    uint16_t group;
    if (place == LK_IN_CLIENT_HELLO)
        return read_client_shares(p);
    if (place == LK_IN_HELLO_RETRY_REQUEST) {
        lk_part_text(p, "The server wants a share of this group, of which the client has sent none "
                        "yet. That costs a round trip.");
        if (!lk_part_code(p, 2, "selected_group", "", lk_name_group, &group))
            return false;
        lk_part_value(p, "%s", lk_name_group(group));
        return true;
    }
    lk_part_text(p, "The server's half of the key agreement. From here on both sides can compute "
                    "the same shared secret, and all that follows is encrypted.");
    bool complete = read_entry(p, false, &summary);
    lk_part_summary(p, &summary);
    return complete;
}

/* ---- Keys from before (RFC 8446 §4.2.9 to §4.2.11) ------------------------------------------- */

bool lk_read_psk_modes(lk_part *p, lk_place place) {
    (void)place;
    return only_codes(p, 1, "ke_modes", 1, "PskKeyExchangeMode", lk_name_psk_mode);
}

static bool read_identities(lk_part *p, size_t *n) {
    lk_part list, entry;
    if (!lk_part_vector(p, 2, "identities", "The keys that are offered, by name.", &list))
        return false;
    while (!lk_part_empty(&list)) {
        lk_reader at = list.r;
        lk_slice identity;
        if (!lk_read_vector(&at, 2, 0, UINT16_MAX, &identity) ||
            !lk_part_open(&list, 2 + identity.p_len + 4, "PskIdentity", "", &entry))
            break;
        lk_part_end(&entry,
                    lk_part_opaque(&entry, 2, "identity",
                                   "The ticket that the server gave, or the name of the key.",
                                   NULL) &&
                        lk_part_uint(&entry, 4, "obfuscated_ticket_age",
                                     "How old the ticket is, plus a secret number, so that nobody "
                                     "can tell by it who comes back. The server checks it against "
                                     "its own clock, to notice a replay.",
                                     NULL));
        (*n)++;
    }
    lk_part_end(&list, *n > 0);
    return true;
}

static bool read_binders(lk_part *p) {
    lk_part list;
    bool complete;
    if (!lk_part_vector(p, 2, "binders",
                        "Proof, for each key, that the client has it: a checksum made with the key "
                        "over the whole message up to here.",
                        &list))
        return false;
    do
        complete = lk_part_opaque(&list, 1, "PskBinderEntry", "", NULL);
    while (complete && !lk_part_empty(&list));
    lk_part_end(&list, complete);
    return true;
}

bool lk_read_pre_shared_key(lk_part *p, lk_place place) {
    uint64_t selected;
    size_t n = 0;
    if (place == LK_IN_CLIENT_HELLO) {
        bool complete = read_identities(p, &n) && read_binders(p);
        lk_part_value(p, "%zu key%s from before", n, n == 1 ? "" : "s");
        return complete;
    }
    lk_part_text(p, "The server knows the key from before and takes it: no certificate is needed.");
    if (!lk_part_uint(p, 2, "selected_identity", "Which of the client's list, from 0.", &selected))
        return false;
    lk_part_value(p, "number %llu of the list", (unsigned long long)selected);
    return true;
}

bool lk_read_early_data(lk_part *p, lk_place place) {
    uint64_t most;
    if (place == LK_IN_NEW_SESSION_TICKET) {
        lk_part_text(p, "With this ticket the client may send data at once the next time (0-RTT).");
        if (!lk_part_uint(p, 4, "max_early_data_size", "", &most))
            return false;
        lk_part_value(p, "at most %llu bytes", (unsigned long long)most);
        return true;
    }
    if (place == LK_IN_ENCRYPTED_EXTENSIONS)
        lk_part_text(p, "The server has taken the data that came along with the ClientHello.");
    return lk_part_empty(p);
}

bool lk_read_cookie(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_opaque(p, 2, "cookie", "", NULL);
}
