/*
 * x509_name_test.c - reference names, presented names, and which match (RFC 9525).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/forge.h"
#include "x509/name.h"

static void reference_names(void **state) {
    (void)state;
    static const struct {
        const char *text;
        lk_host_kind kind; /* 0: refused */
        const char *is;    /* the DNS name as kept, or the address as written */
    } rows[] = {
        {"example.org", LK_HOST_DNS, "example.org"},
        {"EXAMPLE.Org", LK_HOST_DNS, "example.org"},
        {"example.org.", LK_HOST_DNS, "example.org"},
        {"localhost", LK_HOST_DNS, "localhost"},
        {"a_b.example.org", LK_HOST_DNS, "a_b.example.org"},
        {"xn--bcher-kva.example", LK_HOST_DNS, "xn--bcher-kva.example"},
        {"XN--BCHER-KVA.example", LK_HOST_DNS, "xn--bcher-kva.example"},
        {"xn--i-7iq.ws", LK_HOST_DNS,
         "xn--i-7iq.ws"}, /* no IDNA 2008 allows it, and it is in use */
        {"r3---sn-a.example", LK_HOST_DNS, "r3---sn-a.example"},
        {"xn--.example", 0, NULL}, /* A-labels that stand for nothing */
        {"xn--999999999999.example", 0, NULL},
        {"www.xn--abc-.example", 0, NULL},
        {"1.example", LK_HOST_DNS, "1.example"},
        {"", 0, NULL},
        {".", 0, NULL},
        {"example.org..", 0, NULL},
        {".example.org", 0, NULL},
        {"a..b", 0, NULL},
        {"-a.example", 0, NULL},
        {"a-.example", 0, NULL},
        {"*.example.org", 0, NULL},
        {"b\xc3\xbc"
         "cher.example",
         0, NULL},
        {"exa mple.org", 0, NULL},
        {"example.org:443", 0, NULL},
        {"user@example.org", 0, NULL},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org", 0, NULL}, /* 64 */
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org", LK_HOST_DNS,
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.org"}, /* 63 */
        {"127.0.0.1", LK_HOST_IP, "127.0.0.1"},
        {"255.255.255.255", LK_HOST_IP, "255.255.255.255"},
        {"127.1", 0, NULL}, /* of the inet_aton family, as all these */
        {"2130706433", 0, NULL},
        {"0x7f000001", 0, NULL},
        {"127.0.0.01", 0, NULL},
        {"127.0.0.256", 0, NULL},
        {"127.0.0.1.", 0, NULL},
        {"127.0.0.0x1", 0, NULL},
        {"1.2.3.4.5", 0, NULL},
        {"::", LK_HOST_IP, "::"},
        {"::1", LK_HOST_IP, "::1"},
        {"1::", LK_HOST_IP, "1::"},
        {"2001:DB8::8:800:200C:417A", LK_HOST_IP, "2001:db8::8:800:200c:417a"},
        {"2001:0db8:0:0:1:0:0:1", LK_HOST_IP, "2001:db8::1:0:0:1"},
        {"1:2:3:4:5:6:7:8", LK_HOST_IP, "1:2:3:4:5:6:7:8"},
        {"1:0:3:4:5:6:7:8", LK_HOST_IP, "1:0:3:4:5:6:7:8"}, /* one group is not shortened */
        {"1:2:3:4:5:6:7::", LK_HOST_IP, "1:2:3:4:5:6:7:0"},
        {"::ffff:192.0.2.1", LK_HOST_IP, "::ffff:c000:201"},
        {"1:2:3:4:5:6:1.2.3.4", LK_HOST_IP, "1:2:3:4:5:6:102:304"},
        {":", 0, NULL},
        {":::", 0, NULL},
        {":1", 0, NULL},
        {"1:", 0, NULL},
        {"1::2::3", 0, NULL},
        {"1:2:3:4:5:6:7", 0, NULL},
        {"1:2:3:4:5:6:7:8:9", 0, NULL},
        {"1:2:3:4:5:6:7:8::", 0, NULL},
        {"1:2:3:4:5:6:7:1.2.3.4", 0, NULL},
        {"::1.2.3.4:5", 0, NULL},
        {"12345::", 0, NULL},
        {"g::", 0, NULL},
        {"fe80::1%eth0", 0, NULL},
        {"[::1]", 0, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lk_host host;
        char text[64];
        bool good = lk_host_parse(&host, lk_slice_of_str(rows[i].text));
        if (good != (rows[i].kind != 0))
            fail_msg("%s", rows[i].text);
        if (!good)
            continue;
        assert_int_equal(host.kind, rows[i].kind);
        if (host.kind == LK_HOST_IP) {
            lk_ip_text(text, sizeof text, lk_slice_of(host.bytes, host.len));
            assert_string_equal(text, rows[i].is);
        } else {
            assert_string_equal((const char *)host.bytes, rows[i].is);
        }
    }
    lk_host host;
    assert_false(lk_host_parse(&host, lk_slice_of("a.test\0.evil", 12)));
    char longest[256];
    memset(longest, 'a', sizeof longest);
    for (size_t i = 49; i < 253; i += 50)
        longest[i] = '.';
    assert_true(lk_host_parse(&host, lk_slice_of(longest, 253)));
    assert_false(lk_host_parse(&host, lk_slice_of(longest, 254)));
}

static void presented_names(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *host;
        bool matches;
    } rows[] = {
        {"a.test", "a.test", true},
        {"A.TEST", "a.test", true},
        {"a.test", "b.test", false},
        {"a.test", "x.a.test", false},
        {"a.test.", "a.test", false},
        {"", "a.test", false},
        {"*.a.test", "x.a.test", true},
        {"*.A.Test", "x.a.test", true},
        {"*.a.test", "a.test", false},
        {"*.a.test", "y.x.a.test", false}, /* one label only */
        {"*.a.test", ".a.test", false},
        {"*", "a", false},
        {"*.", "a", false},
        {"*.test", "a.test", false}, /* all of a top-level domain */
        {"f*.a.test", "foo.a.test", false},
        {"*o.a.test", "foo.a.test", false},
        {"x.*.test", "x.a.test", false},
        {"**.a.test", "x.a.test", false},
        {"*.*.test", "x.a.test", false},
        {"*.a..test", "x.a..test", false},
        {"xn--*.a.test", "xn--x.a.test", false},
        {"*.xn--bcher-kva.test", "x.xn--bcher-kva.test", true},
        {"*.co.uk", "example.co.uk", false}, /* all of a public suffix */
        {"*.CO.uk", "example.co.uk", false},
        {"*.kawasaki.jp", "x.kawasaki.jp", false},
        {"*.example.co.uk", "www.example.co.uk", true},
        {"*.github.io", "x.github.io", true}, /* the private part of the list */
        {"*.home.arpa", "x.home.arpa", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (lk_dns_matches(lk_slice_of_str(rows[i].pattern), lk_slice_of_str(rows[i].host)) !=
            rows[i].matches)
            fail_msg("%s and %s", rows[i].pattern, rows[i].host);
}

static bool cert_for(const char *const names[3], const char *subject, const char *host_text) {
    lk_cert cert;
    lk_host host;
    forge_spec spec = {.subject = subject};
    for (int i = 0; i < 3; i++)
        spec.names[i] = names[i];
    assert_int_equal(lk_cert_parse(&cert, forge(&spec)), LOCKSTEP_OK);
    assert_true(lk_host_parse(&host, lk_slice_of_str(host_text)));
    return lk_cert_is_for(&cert, &host);
}

static void certificates(void **state) {
    (void)state;
    static const struct {
        const char *names[3];
        const char *host;
        bool is;
    } rows[] = {
        {{"DNS:a.test", "DNS:b.test", NULL}, "b.test", true},
        {{"DNS:a.test", "DNS:b.test", NULL}, "c.test", false},
        {{NULL}, "leaf.test", false}, /* the common name counts for nothing */
        {{"IP:127.0.0.1", NULL}, "127.0.0.1", true},
        {{"DNS:127.0.0.1", NULL}, "127.0.0.1", false}, /* an address is no DNS name */
        {{"IP:::1", NULL}, "::1", true},
        {{"IP:::1", NULL}, "::2", false},
        {{"IP:::ffff:127.0.0.1", NULL}, "127.0.0.1", false},
        {{"EMAIL:a.test", "URI:a.test", "DIR:a.test"}, "a.test", false},
        {{"OTHER:", "DNS:a.test", NULL}, "a.test", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (cert_for(rows[i].names, "leaf.test", rows[i].host) != rows[i].is)
            fail_msg("row %zu", i);
}

/* A NUL inside a name, which fools whoever takes it for a C string, makes the certificate
 * malformed. */
static void embedded_nul(void **state) {
    (void)state;
    static const uint8_t value[] = {0x30, 14,  0x82, 12,  'a', '.', 't', 'e',
                                    's',  't', 0,    '.', 'x', '.', 'y', 'z'};
    forge_spec spec = {.extra = LK_OID_SUBJECT_ALT_NAME,
                       .extra_value = lk_slice_of(value, sizeof value)};
    lk_cert cert;
    assert_int_equal(lk_cert_parse(&cert, forge(&spec)), LOCKSTEP_CERT_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_names),
        cmocka_unit_test(presented_names),
        cmocka_unit_test(certificates),
        cmocka_unit_test(embedded_nul),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
