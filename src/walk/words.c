#include "walk/words.h"

#include <lockstep/status.h>
#include <string.h>

#include "wire/types.h"

/* ---- Messages -------------------------------------------------------------------------------- */

#define SEES_HELLO                                                                                 \
    "All of it: which site is asked for, what the client can do, and public keys. No secret is "   \
    "in "                                                                                          \
    "it, but the name of the site is."

static lk_words client_hello(const lk_moment *m) {
    if (m->second)
        return (lk_words){"The client asks again, with the key share that was wanted",
                          "The same message once more, now with a public key of the kind that the "
                          "server has asked for. That cost one more round trip.",
                          "RFC 8446 §4.1.2", SEES_HELLO};
    if (m->ech)
        return (lk_words){
            "The client says hello, and the real hello is inside",
            "The outer message names only a public front. The real one, with the real "
            "name, is encrypted in it to a key that the site has published.",
            "RFC 9849 §5",
            "The outer message: that somebody talks to the public front, not to whom "
            "behind it."};
    if (m->tls12)
        return (lk_words){
            "The client says hello",
            "It lists what it can do: versions, cipher suites, groups, signatures; and "
            "it names the site that it wants.",
            "RFC 5246 §7.4.1.2", SEES_HELLO};
    return (lk_words){
        "The client says hello, and guesses ahead",
        "It lists what it can do, names the site that it wants, and sends a public key at once, in "
        "the hope that the server can use it. That guess is what saves a round trip against TLS "
        "1.2.",
        "RFC 8446 §4.1.2", SEES_HELLO};
}

static lk_words server_hello(const lk_moment *m) {
    if (m->retry)
        return (lk_words){
            "The server wants another key share",
            "It can do nothing with the public key that the client guessed, and names "
            "the group that it wants instead.",
            "RFC 8446 §4.1.4", "All of it."};
    if (m->tls12)
        return (lk_words){"The server chooses",
                          "Of all that the client can do, the server picks one cipher suite. Its "
                          "random number goes into the keys.",
                          "RFC 5246 §7.4.1.3", "All of it: everything is still in clear."};
    return (lk_words){
        "The server answers with its own public key",
        "It picks one cipher suite and one group, and sends its half of the key exchange. From "
        "here on both ends can compute the same secret, and everything that follows is encrypted.",
        "RFC 8446 §4.1.3",
        "All of it: the suite that was chosen and the server's public key. With both public keys "
        "and neither private one he cannot compute the secret."};
}

static lk_words certificate(const lk_moment *m) {
    if (m->by_client)
        return (lk_words){"The client shows its certificate",
                          "The server has asked who the client is. This is its passport; that it "
                          "is really the owner follows.",
                          m->tls12 ? "RFC 5246 §7.4.6" : "RFC 8446 §4.4.2",
                          m->tls12 ? "All of it: in TLS 1.2 certificates go in clear." : NULL};
    return (lk_words){
        "The server shows its certificate",
        "A passport: it says which names belong to which public key, and an authority "
        "has signed it. Anybody can copy a passport, so the proof that this server "
        "owns it follows.",
        m->tls12 ? "RFC 5246 §7.4.2" : "RFC 8446 §4.4.2",
        m->tls12 ? "All of it: in TLS 1.2 certificates go in clear." : NULL};
}

static lk_words finished(const lk_moment *m) {
    const char *rule = m->tls12 ? "RFC 5246 §7.4.9" : "RFC 8446 §4.4.4";
    if (m->by_client)
        return (lk_words){
            "The client confirms: I saw the same handshake",
            "A code over every message so far, made with a key that only the two ends "
            "have. Had anybody changed one bit on the way, it would not match.",
            rule, NULL};
    return (lk_words){"The server confirms: I saw the same handshake",
                      "A code over every message so far, made with a key that only the two ends "
                      "have. Had anybody changed one bit on the way, it would not match.",
                      rule, NULL};
}

static lk_words of_tls12(uint8_t type, const lk_moment *m) {
    switch (type) {
    case LK_SERVER_KEY_EXCHANGE:
        return (lk_words){
            "The server sends its public key, signed",
            "Its half of the key exchange, fresh for this connection. The signature by "
            "the certificate's key says that it is really the server's.",
            "RFC 8422 §5.4", "All of it: a public key and a signature."};
    case LK_SERVER_HELLO_DONE:
        return (lk_words){"The server is done", "It is the client's turn.", "RFC 5246 §7.4.5",
                          "All of it."};
    case LK_CLIENT_KEY_EXCHANGE:
        return m->rsa
                   ? (lk_words){"The client sends the secret itself, locked with the server's key",
                                "The client makes up the secret and encrypts it to the public key "
                                "of "
                                "the certificate. Who ever gets the private key, even years later, "
                                "can open every recording: there is no forward secrecy.",
                                "RFC 5246 §7.4.7.1",
                                "The encrypted secret. He cannot open it today; with the server's "
                                "private key he can, at any time."}
                   : (lk_words){"The client sends its public key",
                                "Its half of the key exchange. Now both ends can compute the same "
                                "secret.",
                                "RFC 8422 §5.7", "All of it: a public key."};
    case LK_CERTIFICATE_STATUS:
        return (lk_words){"The server shows that its certificate is not revoked",
                          "A fresh, signed note of the authority: this certificate is still good.",
                          "RFC 6066 §8", "All of it."};
    case LK_NEW_SESSION_TICKET:
        return (lk_words){"The server hands out a ticket",
                          "Who comes back with it can skip half of the handshake.", "RFC 5077 §3.3",
                          "All of it, but only the server can read what is in it."};
    default:
        return (lk_words){lk_handshake_name(type), "", "RFC 5246 §7.4", NULL};
    }
}

lk_words lk_words_of_message(uint8_t type, const lk_moment *m) {
    switch (type) {
    case LK_CLIENT_HELLO:
        return client_hello(m);
    case LK_SERVER_HELLO:
        return server_hello(m);
    case LK_CERTIFICATE:
        return certificate(m);
    case LK_COMPRESSED_CERTIFICATE: {
        lk_words w = certificate(m);
        w.title = m->by_client ? "The client shows its certificate, compressed"
                               : "The server shows its certificate, compressed";
        w.rule = "RFC 8879 §4";
        return w;
    }
    case LK_CERTIFICATE_REQUEST:
        return (lk_words){
            "The server asks who the client is",
            "Most web servers do not. This one wants a certificate of the client too.",
            m->tls12 ? "RFC 5246 §7.4.4" : "RFC 8446 §4.3.2", m->tls12 ? "All of it." : NULL};
    case LK_CERTIFICATE_VERIFY:
        return m->by_client
                   ? (lk_words){"The client proves that the certificate is its own",
                                "A signature over all that was said so far, made with the private "
                                "key that belongs to the certificate.",
                                m->tls12 ? "RFC 5246 §7.4.8" : "RFC 8446 §4.4.3",
                                m->tls12 ? "All of it." : NULL}
                   : (lk_words){"The server proves that the certificate is its own",
                                "A signature over all that was said so far, made with the private "
                                "key that belongs to the certificate. A thief who has only copied "
                                "the certificate cannot make it.",
                                "RFC 8446 §4.4.3", NULL};
    case LK_FINISHED:
        return finished(m);
    default:
        break;
    }
    if (m->tls12)
        return of_tls12(type, m);
    switch (type) {
    case LK_ENCRYPTED_EXTENSIONS:
        return (lk_words){
            "The server answers the client's wishes, under cover",
            "What need not be in clear, such as the protocol of the application, comes "
            "in the first message that is encrypted.",
            "RFC 8446 §4.3.1", NULL};
    case LK_END_OF_EARLY_DATA:
        return (lk_words){"The client ends its early data",
                          "From here on it uses the keys of the new handshake.", "RFC 8446 §4.5",
                          NULL};
    case LK_NEW_SESSION_TICKET:
        return (lk_words){
            "The server hands out a ticket",
            "Who comes back with it can skip the certificate, and send its question at "
            "once.",
            "RFC 8446 §4.6.1", NULL};
    case LK_KEY_UPDATE:
        return (lk_words){"Fresh keys",
                          "The sender goes on with new keys and forgets the old ones.",
                          "RFC 8446 §4.6.3", NULL};
    default:
        return (lk_words){lk_handshake_name(type), "", "RFC 8446 §4", NULL};
    }
}

/* ---- Records --------------------------------------------------------------------------------- */

lk_words lk_words_of_data(bool by_client, bool early, bool tls12) {
    static const char sees[] = "That some bytes go by, how many and when. Not what they say.";
    if (early)
        return (lk_words){"The client asks before the server has answered (0-RTT)",
                          "Encrypted with the key from the last visit. It saves a round trip, but "
                          "somebody could record it and play it again, so a careful server takes "
                          "each ticket once and only for harmless requests.",
                          "RFC 8446 §2.3", sees};
    return by_client ? (lk_words){"The client asks",
                                  "The request itself, encrypted and sealed: nobody "
                                  "on the way can read it or change it unnoticed.",
                                  tls12 ? "RFC 5246 §6.2.3" : "RFC 8446 §5.2", sees}
                     : (lk_words){"The server answers",
                                  "The page itself, encrypted and sealed: nobody on "
                                  "the way can read it or change it unnoticed.",
                                  tls12 ? "RFC 5246 §6.2.3" : "RFC 8446 §5.2", sees};
}

lk_words lk_words_of_ccs(const lk_moment *m) {
    if (m->tls12)
        return (lk_words){m->by_client ? "The client turns encryption on"
                                       : "The server turns encryption on",
                          "One byte that says: what I send from here on is encrypted with the new "
                          "keys.",
                          "RFC 5246 §7.1", "All of it."};
    return (lk_words){
        "A byte that means nothing",
        "TLS 1.3 has no use for it. It is sent because old equipment on the way wants "
        "to see what looks like TLS 1.2.",
        "RFC 8446 §D.4", "All of it."};
}

lk_words lk_words_of_alert(int alert, bool by_client, bool tls12) {
    if (alert == LOCKSTEP_ALERT_CLOSE_NOTIFY)
        return (lk_words){by_client ? "The client says that it is done"
                                    : "The server says that it is done",
                          "Said under encryption, so that nobody can cut the connection short and "
                          "pretend that this was all.",
                          tls12 ? "RFC 5246 §7.2.1" : "RFC 8446 §6.1", NULL};
    return (lk_words){by_client ? "The client gives up and says why"
                                : "The server gives up and says why",
                      "An alert: one number for the reason, then nothing more. What exactly was "
                      "wrong, only the end knows that noticed.",
                      tls12 ? "RFC 5246 §7.2.2" : "RFC 8446 §6.2", NULL};
}

/* ---- Secrets and checks ---------------------------------------------------------------------- */

lk_words lk_words_of_secrets(const char *first, bool tls12) {
    static const struct {
        const char *name;
        lk_words words;
    } rows[] = {
        {"PSK",
         {"The key from the last visit", "The client takes out the key that its ticket stands for.",
          "RFC 8446 §4.2.11", LK_SEES_NOTHING}},
        {"c e traffic",
         {"A key for the early data",
          "Derived from the key of the last visit: the only one that is there before the server "
          "has answered.",
          "RFC 8446 §7.1", LK_SEES_NOTHING}},
        {"early secret",
         {"Both ends compute the same secret",
          "Each puts its own private key and the other's public key together, and both arrive at "
          "one number that never crossed the wire. A ladder of hashes makes one key for each "
          "direction of it.",
          "RFC 8446 §7.1", LK_SEES_NOTHING}},
        {"master secret",
         {"Keys for the data itself",
          "The next rung of the ladder: new keys, which nobody has who only got at those of the "
          "handshake.",
          "RFC 8446 §7.1", LK_SEES_NOTHING}},
        {"res master",
         {"A secret for the next visit",
          "From it come the keys of tickets. It is derived behind everything else, so that it "
          "vouches for the whole handshake.",
          "RFC 8446 §4.6.1", LK_SEES_NOTHING}}};
    static const lk_words others = {"Keys are derived", "", "RFC 8446 §7.1", LK_SEES_NOTHING};
    static const lk_words of12 = {
        "Both ends compute the same keys",
        "From the shared secret and both random numbers: one key for each direction.",
        "RFC 5246 §8.1", LK_SEES_NOTHING};
    static const lk_words kept = {
        "New keys from the secret of the last visit",
        "Both ends still have it, the server in the ticket that it handed out. With two new random "
        "numbers it gives other keys: no key exchange, and no certificate.",
        "RFC 5246 §7.3", LK_SEES_NOTHING};
    if (tls12)
        return first[0] == '\0' ? kept : of12;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, first) == 0)
            return rows[i].words;
    if (strcmp(first, "(EC)DHE shared secret") == 0 || strcmp(first, "handshake secret") == 0)
        return rows[2].words;
    return others;
}

lk_words lk_words_of_check(const char *name, bool by_client, bool passed, bool tls12) {
    if (strcmp(name, "certificate chain") == 0)
        return (lk_words){
            by_client ? passed ? "The client judges the certificate: good"
                               : "The client judges the certificate: refused"
            : passed  ? "The server judges the client's certificate: good"
                      : "The server judges the client's certificate: refused",
            "Is every signature right up to an authority that is trusted here? Is it the right "
            "name, the right time, the right use? Each question has to be answered with yes.",
            "RFC 5280 §6", LK_SEES_NOTHING};
    if (strcmp(name, "CertificateVerify") == 0 || strcmp(name, "ServerKeyExchange") == 0)
        return (lk_words){passed ? "The signature is right: it is the owner of the certificate"
                                 : "The signature is wrong: it is not the owner of the certificate",
                          "Checked with the public key in the certificate, over exactly the bytes "
                          "that went to and fro.",
                          tls12 ? "RFC 5246 §7.4.3" : "RFC 8446 §4.4.3", LK_SEES_NOTHING};
    if (strcmp(name, "Finished") == 0)
        return (lk_words){passed ? "Both saw the same handshake"
                                 : "The two did not see the same handshake",
                          "The code in Finished is computed again and compared.",
                          tls12 ? "RFC 5246 §7.4.9" : "RFC 8446 §4.4.4", LK_SEES_NOTHING};
    if (strcmp(name, "PSK binder") == 0)
        return (lk_words){passed ? "The client really has the key from before"
                                 : "The client does not have the key from before",
                          "The binder ties the old key to this new ClientHello.",
                          "RFC 8446 §4.2.11.2", LK_SEES_NOTHING};
    if (strcmp(name, "record") == 0)
        return (lk_words){
            by_client ? "The client cannot open a record" : "The server cannot open a record",
            "Each record is sealed with a key and its number. What was changed on the way, comes "
            "twice or stands elsewhere does not open, and nothing of it is believed.",
            tls12 ? "RFC 5246 §6.2.3.3" : "RFC 8446 §5.2", LK_SEES_NOTHING};
    if (strcmp(name, "end of the stream") == 0)
        return (lk_words){
            by_client ? "The client misses the end" : "The server misses the end",
            "The other end has closed the connection in the middle, or somebody has cut it. A part "
            "is not taken for the whole.",
            tls12 ? "RFC 5246 §7.2.1" : "RFC 8446 §6.1", LK_SEES_NOTHING};
    return (lk_words){passed      ? "Checked"
                      : by_client ? "The client refuses"
                                  : "The server refuses",
                      passed ? "" : "Something broke a rule, so the connection ends here.", "",
                      LK_SEES_NOTHING};
}
