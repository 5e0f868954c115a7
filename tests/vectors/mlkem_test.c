/*
 * ML-KEM and the hashes under it against other people's answers: Wycheproof's files, digests
 * that Python's hashlib computed, the accumulated vector of C2SP/CCTV; and against slow formulas
 * written straight from FIPS 203.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "crypto/keccak.h"
#include "crypto/mlkem.h"
#include "crypto/mlkem_poly.h"

#ifndef LK_VECTORS_DIR
#define LK_VECTORS_DIR "tests/vectors"
#endif

/* ---- hexadecimal ----------------------------------------------------------------------------- */

/* unhex decodes at most `room` bytes of `text` and returns how many there are. */
static size_t unhex(uint8_t *out, size_t room, const char *text) {
    size_t n = strlen(text) / 2;
    assert_int_equal(strlen(text) % 2, 0);
    assert_true(n <= room);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return n;
}

static void assert_hex(const uint8_t *bytes, size_t n, const char *expected) {
    uint8_t e[LK_MLKEM1024_PRIVATE];
    assert_int_equal(unhex(e, sizeof e, expected), n);
    assert_memory_equal(bytes, e, n);
}

/* ---- SHA-3 ----------------------------------------------------------------------------------- */

/* The digests, by hashlib, of messages whose byte i is (131 i + length) ^ (i >> 8): lengths around
 * the ends of blocks, then random ones. SHAKE gives 32 bytes. */
static const struct {
    size_t length;
    const char *sha3_256, *sha3_512, *shake128, *shake256;
} digests[] = {
    {0, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
     "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
     "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26",
     "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
     "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"},
    {1, "2767f15c8af2f2c7225d5273fdd683edc714110a987d1054697c348aed4e6cc7",
     "c46af35fa4594a247543c33e52e17572f94c48d2bdc42e0a2e861b805a28820e"
     "762a493b9d2660247198bae31ac510903c282ee224f15003cfdfaf402a19cb91",
     "44b9b48dabe99470cabbdcd4a155cf1bcd86452388b0a6d5b67e86833677c082",
     "94da6280b240ea6a2ab2cfdf0fb301fd77153d5b748baf796190856803d977ba"},
    {7, "b03c9002dc86a8c00425297e202cf783879f7b5f990d63006d10f08250f26592",
     "33d525b4b046faab59f28ebdc8182eff4f48089953a8b2ebe1c16c1e54fdf678"
     "d52d661136cd63dc3af6b8ee594f3f58b9ce20adad5233b2fff5dced8605a43d",
     "07da1488a828b3f10f8093bf8a1b7e8283100a113794ca69752b58c1fcccb7a9",
     "d17fc9fb77654863ff03b97ba970926d95d3257b3e3340c67bbe3ec3c276a2d5"},
    {8, "9f87eff334c93b86c4bad808d81e5d42a4c194d0e3fe3fb4abcf97d81ac63af2",
     "fdb39d3982eab9aec8f8a33c01e5caf860493b5ed12f15424a00adbcdda9b8fc"
     "ce8883ec2bbbb71b214a15bd423732f52efc3e3437f3efd6e7521efda8a6721f",
     "d4b880f6b0035b3d0e43cd7e1b609a1e384100e3a8f03ee3386977a5e6f06e0c",
     "a4ae807b16613db4becc0d3de7f173318d731e60eb73c328de228512423bcd1c"},
    {71, "ffef54c21ec06f69d1835313dad96bc76fe118a6858e120c84a0cb692919c38f",
     "99aa11ce5cfb52c7970de9dbf82b347e55248e00fc73aa6a031ab1b4c058ddbc"
     "635e6e20870ea97bcc64b9ef88d0a743fb0de633c408a81dc7cfc43ea3b22087",
     "e87c71d029a67dfc2967041a9c75d7894b1dfa6b5677aa01df85a3f87bb29b19",
     "49a7fd9f37bdf52d3d422822b7a9e1ca1866295bcb0d61433f86d6f27b5e9676"},
    {72, "c7e077187ab4888b9fa81578a1f8d42a082a089a88275a0d717e51b1be99bd12",
     "d31bfd9fba112385e40a11148a66eb754c74a4d901ddd08950350cd7f958fa42"
     "6625d41abd8472775a1749e4e5cf5595d729fe3eb67bfa1050afd21e1fca680b",
     "198c91fdaca618c018fc8d7282152327e1715829c7387077e0a6528efe0c6cd9",
     "2328a9dc673902c100802ccf9caeecc7824297e77d381b1365195b91736cd11d"},
    {73, "27b112465fd297ee3eba65396bc256dff441858c5230193d0504a4826d5bbe9c",
     "5cc1474cf82598c17925e311bb6ca65f158290231d0d90dc1fba90f7fce6e178"
     "84fb540c547d77489047eb3ca864ae89a5190a3d68da62a726152cc5575d261c",
     "63e57c3fc09dfd5fd9720664c6769d565f66d38a9511d64d29ee460c48d11cad",
     "5d3b5eb381a76e1c0858b7e0bee01f07f20800987f59ef6b11cdb75d70c5bf75"},
    {135, "c5d3b88055ed3b3de947561d207c8b91423e38f91a4900e76a220b22e8fbe103",
     "50aee396ce95ae83c43a513aea9026e7cabfb2ad948715a389827e9f5bd583d0"
     "fe6ab5f8455209d1c0b6c0eb8685918daef486beb5f19e854a0aa1b5d9d22618",
     "3a1a3fca68a87b8f788ff0eb3aa757a4d04753663bccf0c6506b8609a5b434a6",
     "078a7238b27fc10ee9ef3f5a01f0da50a9af6b8d698f3ea558c96f31bf23fdf0"},
    {136, "d1c3b3674944520e27dc5f50e803d5b24a5a456c612e9d649fc0cdda3f1893cd",
     "b13a3fb14a7ab0a27d3f7efe07f38ae897474d22626d24a1445c948c0a451901"
     "e1ef6ff4d9f51e74192c59332de1ce4cef9279c5bc07ba0405bd439cca469ac3",
     "e5c25a771963b3e0b5cbb1a0d74b0688d4c6769c26643eb636ebb72e8ebe5ccb",
     "9548d17b7cd434b9f2ffceb2cd2ea13aa5a16298218049af93f4c43ab50d3be3"},
    {137, "aee7aeb98f2128123e22e844bfeb69b19f162625e8879bd2f43435d3aebd0f09",
     "d755e98803e604b4827f9fd204ca81f2d8de10662bb8c70c3c8fcc60a6d0ac09"
     "0151e8cd01f68e17c137c86fd96e6e4a5fd142bbd0dda5259b77a5489cc3d0ce",
     "e8520f1f92c63151a4d002dd19a42a751dc546227cc92d6dc16117ab4b8eedba",
     "92a5f6e98318dfbe3ac4e5f2932f37b90d0550acd280577b4a2f72311d00ebda"},
    {143, "4524c12334fadea12bc6db5e69953b44ba5b7b3f8a27262913ba11db9f2f94c0",
     "3ce19d1c997a123dc161c6c89826047f1b6d4c10ed33f86d8e87e09e4dfba1ab"
     "7a1d3f86e22b1826de4985e805d5890fec4faec92def5a75ba152d6acdac63a9",
     "dda797c40092058e82f7f615a13c9b622525f044e808ece1d0116598dd141db8",
     "bc310910018d692b4f50afded11c02c1200335bc9d6a4d9a962164b2395252f1"},
    {144, "b3140946b61d21b3e7ffaccb61fafffe19fe83742806c35fd8b7fe9f9b38043d",
     "ba7b105a45241ba8973752763ce827a60ef899a8c48c2d52683d98a1bc5426ac"
     "bceb586eb216d6d0b38f953a1c5ad25aa964562bd3a6b0a9adba5651bde49ae8",
     "5aa5dbaf8902b19866927aea66cf61b9787a2a3a3d63604ef39e073197d42c67",
     "86eab150ede23e18c236998f1dc0690792779ee0efa82a5ba1c820dcec4dfd6b"},
    {167, "64af88f61e2f3c7e327e909d0c973211dfc931afda7418c023acc0d1bfdf8ec3",
     "abf65ae181ba890928400af34de08a4578eb5a3ec6fcb7dc054b9f42291a23e0"
     "feb3fa21eaca2393cd953c18aa111673be33e3ad1ba80b8327099d1585784c0c",
     "1adb3499500e256986ad24e44db654bb6be7f20060c406287915b604752eaab4",
     "5753f8fc25152ce4a9da08e290e41a380969abf86324d8e4c307b6b7cebd8022"},
    {168, "c00b0bd07b313221400f2d3ae17197ae2d751e9bd3fdcaede5551b99f6d6ee77",
     "e902a68962e6bbd339d7396a80802212c18238d734ed79c236997ce9570b3937"
     "697f298cff87657e58f78a768198caf6483025ed607cdc43f113fc352208f938",
     "6c70c45cd839a8c39a4af0e11dd1ac8c9e6c64cb429c1455a8559a8d2c4c2e59",
     "0bbc7a7a926468354b1b69d8b49b95b1a09b43e6da286a8dc6e56727e9dc91f2"},
    {169, "6d7cc11331e47ef4935620c401c543219729ab8d623f35affd060cd178feccd5",
     "8a0585e07ffeeadf6ae743181c136cda4eb13b4a9e49e3b1873f37c4c387271f"
     "f2dccc5f8be6b9c75c4c920029e10c5078ee77c0f4fadb9f61c42254dd646176",
     "80c579674879641bffa3b368935e450439f8fd46ece1a5dd75c04b6679778008",
     "9e02a6ea5f68e80e2b26fb7a673355e8bf6907148e7ea57fcbf77b13cf504d98"},
    {288, "ac7d207d9f80e22f613ed399cc490daea7fd421d5031a92613ca2d773a4ad374",
     "826fd744ac366d16f2f8a752f5d4bef94c53a3643e42ce98bde1103d1cc0876a"
     "597cd22b8304d414f477eb8058ed7957243461eb258731c8400b30d8338b25e8",
     "91769e883435ea643a3dd7e6863c7cd2c691a8779044bf31191fcca8e9cfaaee",
     "e28dbe8d909ec7ef2c9e9358ed747d23eadd543579205443d9fb411b5b688c53"},
    {343, "82eb2b19936ac575887f3186c7d98798c752caea45a9e359c00257a37881a380",
     "cb3e8c31bdfc1ba6f3712c9028deb1d3b15330245c7e0958101520e8bfa6e6be"
     "a02f12620adc365c141468ce3f2dba60cd1762d88bd85c5280c826680f402fe2",
     "69a3a2250a560ee4dc1e1ddc14dc08083b019d43dae8a9362ff19d3a0c267c7a",
     "a894f7e06f7d4a69ce1f75ac6f84e0e11414482cea19fc16282189a8611f21bb"},
    {541, "b94b6fcbfc19d3a62fa619470829a6bfc5f1337bf97c24892a19a0fa7016e4c0",
     "7eda46ca38d1344236621099164ab9189eab2450f6adea3bc1e3eba305d4c6d1"
     "0dc64da5186518a0b52d028d6d0c0310f7baa466d9722f3b9d06559bdc5af758",
     "fe9b775111a441f92c7ef8f40e9b7de84e0048e6dbbc5b9fa135fba54f3758de",
     "2702518268be4d917a4a7aadc41ba80084ba312dfcc03d6336255a8c44468d25"},
    {1040, "9d0db73402f8d4e290ad5668c2f865adba95a781e826c0fe27d1cafc5ff5f3bc",
     "c2ba7c188ada3fa8380d1136bbe5e2b464f7005e074aa1838d247fc15f43bf9f"
     "af41e034cfc5e6ab86d6ccd52fe1f25b891b9634a9a03fe69f62828c34dfaee3",
     "467d64531f308339ec2cc005a5b953f0402596acef1318df46e1519863ed510f",
     "1ea0efe2b2c5ec96a6b9f214fb0ec2901307a8d21c6eac653b261248f32b06f0"},
    {1241, "e23c9636ccfee2fa164025efd22b46f603d380d8665db516626c06836ed892c3",
     "3abfd7e6f6eca16c9c4fd9232155d1e86c8d6aac95fd17ed3e8a734e4b0caee3"
     "979175f8528bc37c72e43910731dcaa9bdaf2c7aff3a375ea88303440fed6f71",
     "c1a87b32d3f38243da15d04783fc37ca71968ae6ac1be798ddf98348e9501b4c",
     "fdebb5c02f5b557bf15a71edbb3f75056ab37c0b13c345571d1c8d6cf72d4b31"},
    {2185, "9c598f3a0dcc79e9c08aa5fdbb364bfa4e941cfbbc7884cd24e4bc5a7a996e3f",
     "dd4f6197e6200cfa5869f54a90d534846d46d17aeb429f5ec5274d876c7ddd9d"
     "783436d18500b81d1df433f88dd1a49ef5321a0096ef07b553edd68c3f386ade",
     "a65c20c10b7de1bf638ac06e96b165695237e92e9355647f20b2ccfc6c83bec4",
     "9edffe8851c92716a8dca4f257e663e4024153ed709c115d267bbb75e1a91c2e"},
    {2605, "5b897b8b24140548208ca1485efce117de103aefda7daf10ffaaa9f3b3dc4b37",
     "f009d66dfc2cd8bd85d129a24df135ad74bdcfd54a436e1b2bff40d7f96554f6"
     "9fcada82e2c7058f9c08d80f5ea4432e19b323a216ea08a8c2af1b766dcc6f40",
     "5be67b23bab55162f37ae55580f7f0b3595d948e3cbf13edf6c9a6a40944ca93",
     "d7059554afbb1eb43cf3f0f699ff51b8884dabac545dd5204b604483f3dff2df"},
    {2629, "0ea751d4354e8b4044913dd0f909c46c3a034347ab8af74909dccbe85e07d2c1",
     "4bacc485a5b94c8e36415360840a91170d5973f2ff91f66becb77bc2c1142548"
     "117f7d8fb2429a335987906417d1b0c5fd012286b49ebb1b8ad2b5f0b9fe65f0",
     "7980569445df66178df0e522583cea8dc5d55f39b3bb3f3efbd90847ba60f4e5",
     "cbbae80165ffddff4a109d33b5facd7bd616f551efbdf606780ed9d279dc3287"},
    {2675, "7fd39a03bbce8e4fd72d6db71515d30fcab9ba83c762c199a951a02e53521634",
     "854e0889be781fd6c7be4ac52b09796e28f026679b547293569733c6ee884615"
     "9573922ee73550d03e46a8ca0eaa127be6a8207298175f8af3ca88bda0d3d6ec",
     "8a7a0ca5f6b048aa1b0a0b9ac38192d8f79b6677ad7ba54d167485a65ad6d8f1",
     "900e0c5cd541bc834770a774c7f2da77a2707733ba0d49c04b76741ed6505d5a"},
};

static void message(uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((131 * i + n) ^ i >> 8);
}

static void sha3_known_answers(void **state) {
    (void)state;
    uint8_t m[3000], out[64];
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        size_t n = digests[i].length;
        message(m, n);
        lk_sha3_256(out, m, n);
        assert_hex(out, 32, digests[i].sha3_256);
        lk_sha3_512(out, m, n);
        assert_hex(out, 64, digests[i].sha3_512);
        lk_shake256(out, 32, m, n);
        assert_hex(out, 32, digests[i].shake256);
        lk_sponge s;
        lk_sponge_start(&s, LK_SPONGE_SHAKE128);
        lk_sponge_absorb(&s, m, n);
        lk_sponge_finish(&s);
        lk_sponge_squeeze(&s, out, 32);
        assert_hex(out, 32, digests[i].shake128);
    }
    /* FIPS 202's own short example */
    lk_sha3_256(out, "abc", 3);
    assert_hex(out, 32, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    lk_sha3_512(out, "abc", 3);
    assert_hex(out, 64,
               "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
               "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
    lk_sha3_256(out, NULL, 0);
    assert_hex(out, 32, digests[0].sha3_256);
}

/* 1000 bytes of SHAKE of nothing, by hashlib, as their SHA3-256. */
static void shake_long_output(void **state) {
    (void)state;
    static const char *const expected[] = {
        "4a0114f96eff74f864206cc3dbbade4d666c75268d17211121d2ae385bae11cc",
        "4af3c8f245b2c60ddb544450f7b4fdf926a5fee5d05dba4f2d1a6c9caad22155"};
    for (size_t i = 0; i < 2; i++) {
        lk_sponge s;
        uint8_t out[1000], digest[32];
        lk_sponge_start(&s, i == 0 ? LK_SPONGE_SHAKE128 : LK_SPONGE_SHAKE256);
        lk_sponge_finish(&s);
        lk_sponge_squeeze(&s, out, sizeof out);
        lk_sha3_256(digest, out, sizeof out);
        assert_hex(digest, 32, expected[i]);
    }
}

/* However a message is cut into calls, and an output, it is the same. */
static void sponge_any_split(void **state) {
    (void)state;
    uint8_t m[700], whole[700], parts[700];
    message(m, sizeof m);
    for (lk_sponge_kind kind = LK_SPONGE_SHAKE128; kind <= LK_SPONGE_SHAKE256; kind++)
        for (size_t step = 1; step < 300; step += 1 + step / 9) {
            lk_sponge s;
            lk_sponge_start(&s, kind);
            lk_sponge_absorb(&s, m, sizeof m);
            lk_sponge_finish(&s);
            lk_sponge_squeeze(&s, whole, sizeof whole);
            lk_sponge_start(&s, kind);
            for (size_t at = 0; at < sizeof m; at += step)
                lk_sponge_absorb(&s, m + at, sizeof m - at < step ? sizeof m - at : step);
            lk_sponge_finish(&s);
            for (size_t at = 0; at < sizeof parts; at += step)
                lk_sponge_squeeze(&s, parts + at,
                                  sizeof parts - at < step ? sizeof parts - at : step);
            assert_memory_equal(whole, parts, sizeof whole);
        }
}

/* ---- polynomials ----------------------------------------------------------------------------- */

enum { N = LK_MLKEM_N, Q = LK_MLKEM_Q };

static int modulo(int64_t v) {
    return (int)((v % Q + Q) % Q);
}

/* fill makes a polynomial of one `kind`: all at the lower or upper end of what is allowed,
 * alternating, or random with seed `kind`. */
static void fill(lk_poly *p, unsigned kind) {
    uint32_t x = kind * 2654435761U + 1;
    for (size_t j = 0; j < N; j++) {
        x = x * 1664525 + 1013904223;
        int v = kind == 0   ? Q
                : kind == 1 ? -Q
                : kind == 2 ? (j & 1 ? Q : -Q)
                : kind == 3 ? (j & 2 ? Q : -Q)
                : kind == 4 ? (j & 128 ? Q : -Q)
                            : (int)(x >> 8) % (2 * Q + 1) - Q;
        p->c[j] = (int16_t)v;
    }
}

static void assert_same(const lk_poly *p, const int expected[N]) {
    for (size_t j = 0; j < N; j++)
        assert_int_equal(modulo(p->c[j]), expected[j]);
}

static void assert_within(const lk_poly *p, int bound) {
    for (size_t j = 0; j < N; j++)
        assert_in_range(p->c[j] + bound, 0, 2 * bound);
}

static unsigned bit_reversed(unsigned i) {
    unsigned r = 0;
    for (unsigned k = 0; k < 7; k++)
        r |= (i >> k & 1) << (6 - k);
    return r;
}

static int power_of_zeta(unsigned e) {
    int v = 1;
    while (e-- > 0)
        v = v * 17 % Q;
    return v;
}

/* The NTT is the remainder of p modulo X^2 - zeta^(2 BitRev7(i) + 1) for i < 128 (FIPS 203 §4.3).
 */
static void ntt_is_the_remainders(void **state) {
    (void)state;
    for (unsigned kind = 0; kind < 12; kind++) {
        lk_poly p, back;
        int expected[N], original[N];
        fill(&p, kind);
        for (unsigned i = 0; i < N / 2; i++) {
            int root = power_of_zeta(2 * bit_reversed(i) + 1), power = 1;
            int64_t even = 0, odd = 0;
            for (size_t j = 0; j < N; j += 2) {
                even += p.c[j] * power;
                odd += p.c[j + 1] * power;
                power = power * root % Q;
            }
            expected[2 * i] = modulo(even);
            expected[2 * i + 1] = modulo(odd);
        }
        for (size_t j = 0; j < N; j++)
            original[j] = modulo(p.c[j]);
        lk_poly_ntt(&p);
        assert_same(&p, expected);
        assert_within(&p, Q / 2);
        lk_poly_inverse_ntt(&p);
        assert_same(&p, original);
        assert_within(&p, Q);
        /* from as large an NTT as is allowed */
        fill(&p, kind);
        for (size_t j = 0; j < N; j++)
            original[j] = modulo(p.c[j]);
        back = p;
        lk_poly_inverse_ntt(&back);
        assert_within(&back, Q);
        lk_poly_ntt(&back);
        assert_same(&back, original);
    }
}

/* Algorithm 12, for the largest factors too. */
static void check_dot(unsigned num) {
    for (unsigned kind = 0; kind < 12; kind++) {
        lk_poly a[LK_MLKEM_K_MAX], b[LK_MLKEM_K_MAX], out;
        lk_poly_factor factor[LK_MLKEM_K_MAX];
        int expected[N];
        for (unsigned k = 0; k < num; k++) {
            fill(&a[k], kind + k);
            for (size_t j = 0; j < N; j++)
                a[k].c[j] = kind < 5 ? 4095 : (int16_t)modulo(a[k].c[j]);
            fill(&b[k], kind < 5 ? kind : kind + k);
            if (kind >= 9)
                for (size_t j = 0; j < N; j++)
                    b[k].c[j] = (int16_t)(b[k].c[j] * 9); /* a factor may be any */
            lk_poly_prepare(&factor[k], &b[k]);
        }
        for (unsigned i = 0; i < N / 2; i++) {
            int root = power_of_zeta(2 * bit_reversed(i) + 1);
            int64_t c0 = 0, c1 = 0;
            for (unsigned k = 0; k < num; k++) {
                int64_t a0 = a[k].c[2 * i], a1 = a[k].c[2 * i + 1];
                int64_t b0 = b[k].c[2 * i], b1 = b[k].c[2 * i + 1];
                c0 += a0 * b0 + a1 * b1 * root;
                c1 += a0 * b1 + a1 * b0;
            }
            expected[2 * i] = modulo(c0);
            expected[2 * i + 1] = modulo(c1);
        }
        lk_poly_dot(&out, a, factor, num);
        assert_same(&out, expected);
        assert_within(&out, Q);
    }
}

static void dot_is_the_sum_of_products(void **state) {
    (void)state;
    check_dot(3);
    check_dot(4);
}

/* read_bits is element `i` of `d` bits, least significant first (ByteDecode, Algorithm 6). */
static unsigned read_bits(const uint8_t *bytes, size_t i, unsigned d) {
    unsigned v = 0;
    for (unsigned k = 0; k < d; k++)
        v |= (unsigned)(bytes[(i * d + k) / 8] >> (i * d + k) % 8 & 1) << k;
    return v;
}

static const unsigned widths[] = {4, 5, 10, 11};

/* Every number of 16 bits is encoded and compressed as the formulas of §4.2.1 say. */
static void compression_is_exact(void **state) {
    (void)state;
    for (int from = -32768; from < 32768; from += N) {
        lk_poly p;
        uint8_t e12[384], packed[4][352], c1[32];
        for (int j = 0; j < N; j++)
            p.c[j] = (int16_t)(from + j);
        lk_poly_encode12(e12, &p);
        for (size_t i = 0; i < 4; i++)
            lk_poly_compress(packed[i], &p, widths[i]);
        lk_poly_compress1(c1, &p);
        for (size_t j = 0; j < N; j++) {
            unsigned x = (unsigned)modulo(from + (int)j);
            assert_int_equal(read_bits(e12, j, 12), x);
            for (size_t i = 0; i < 4; i++)
                assert_int_equal(read_bits(packed[i], j, widths[i]),
                                 ((x << (widths[i] + 1)) + Q) / (2 * Q) % (1U << widths[i]));
            assert_int_equal(read_bits(c1, j, 1), ((x << 2) + Q) / (2 * Q) % 2);
        }
    }
}

static void decompression_is_exact(void **state) {
    (void)state;
    uint8_t bytes[384];
    for (unsigned round = 0; round < 64; round++) {
        lk_poly p;
        lk_shake256(bytes, sizeof bytes, &round, sizeof round);
        for (size_t i = 0; i < 4; i++) {
            unsigned d = widths[i];
            lk_poly_decompress(&p, bytes, d);
            for (size_t j = 0; j < N; j++)
                assert_int_equal(p.c[j], (2 * Q * read_bits(bytes, j, d) + (1U << d)) >> (d + 1));
        }
        lk_poly_decompress1(&p, bytes);
        for (size_t j = 0; j < N; j++)
            assert_int_equal(p.c[j], (2 * Q * read_bits(bytes, j, 1) + 2) / 4);
        lk_poly_decode12(&p, bytes);
        for (size_t j = 0; j < N; j++)
            assert_int_equal(p.c[j], read_bits(bytes, j, 12));
    }
    /* 3329 is above, 3328 is not: at either end */
    for (size_t at = 0; at < N; at += N - 1)
        for (unsigned v = Q - 1; v <= Q; v++) {
            lk_poly p;
            memset(bytes, 0, sizeof bytes);
            for (unsigned k = 0; k < 12; k++)
                bytes[(at * 12 + k) / 8] |= (uint8_t)((v >> k & 1) << (at * 12 + k) % 8);
            assert_int_equal(lk_poly_decode12(&p, bytes), v < Q);
        }
}

/* ---- Wycheproof ------------------------------------------------------------------------------ */

/* The parameter sets; each test of this half of the file is run with both as its state. */
typedef struct parameters {
    const char *name, *files;
    const lk_mlkem_set *set;
    const char *accumulated; /* SHAKE128 of 100 tests' results */
} parameters;

typedef struct outputs {
    uint8_t ek[LK_MLKEM1024_PUBLIC], dk[LK_MLKEM1024_PRIVATE];
    uint8_t ct[LK_MLKEM1024_CIPHERTEXT], ss[LK_MLKEM_SHARED];
} outputs;

static const char *text_of(const json_t *test, const char *name) {
    const char *text = json_string_value(json_object_get(test, name));
    assert_non_null(text);
    return text;
}

typedef void (*check_case)(const lk_mlkem_set *set, const json_t *test, bool valid);

/* for_each runs every case of a file and asserts that there were as many as the file promises. */
static void for_each(const parameters *p, const char *rest, check_case check) {
    char path[1024];
    json_error_t error;
    size_t i, k, executed = 0;
    json_t *group, *test;
    snprintf(path, sizeof path, "%s/wycheproof/%s%s", LK_VECTORS_DIR, p->files, rest);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        fail_msg("%s: %s", path, error.text);
    json_array_foreach(json_object_get(root, "testGroups"), i, group) {
        assert_string_equal(text_of(group, "parameterSet"), p->name);
        json_array_foreach(json_object_get(group, "tests"), k, test) {
            const char *result = text_of(test, "result");
            bool valid = strcmp(result, "valid") == 0;
            assert_true(valid || strcmp(result, "invalid") == 0);
            check(p->set, test, valid);
            executed++;
        }
    }
    assert_true(executed > 0);
    assert_int_equal(executed, json_integer_value(json_object_get(root, "numberOfTests")));
    print_message("%s%s: %zu cases\n", p->files, rest, executed);
    json_decref(root);
}

static void check_keygen(const lk_mlkem_set *set, const json_t *test, bool valid) {
    outputs o;
    uint8_t seed[LK_MLKEM_SEED];
    assert_true(valid);
    assert_int_equal(unhex(seed, sizeof seed, text_of(test, "seed")), sizeof seed);
    lk_mlkem_keygen(set, o.ek, o.dk, seed);
    assert_hex(o.ek, set->public, text_of(test, "ek"));
    assert_hex(o.dk, set->private_len, text_of(test, "dk"));
}

static void check_encaps(const lk_mlkem_set *set, const json_t *test, bool valid) {
    outputs o, untouched;
    uint8_t ek[2000], m[LK_MLKEM_MESSAGE];
    size_t ek_len = unhex(ek, sizeof ek, text_of(test, "ek"));
    assert_int_equal(unhex(m, sizeof m, text_of(test, "m")), sizeof m);
    memset(&o, 0xa5, sizeof o);
    untouched = o;
    assert_int_equal(lk_mlkem_encaps(set, o.ct, o.ss, ek, ek_len, m), valid);
    if (valid) {
        assert_hex(o.ct, set->ciphertext, text_of(test, "c"));
        assert_hex(o.ss, sizeof o.ss, text_of(test, "K"));
    } else {
        assert_memory_equal(&o, &untouched, sizeof o);
    }
}

static void check_decaps(const lk_mlkem_set *set, const json_t *test, bool valid) {
    outputs o, before;
    uint8_t seed[LK_MLKEM_SEED * 2], ct[2000];
    size_t seed_len = unhex(seed, sizeof seed, text_of(test, "seed"));
    size_t ct_len = unhex(ct, sizeof ct, text_of(test, "c"));
    if (seed_len != LK_MLKEM_SEED) {
        /* Ruled out by the type: a seed has no length that could be wrong. */
        assert_false(valid);
        return;
    }
    memset(&o, 0xa5, sizeof o);
    lk_mlkem_keygen(set, o.ek, o.dk, seed);
    assert_hex(o.ek, set->public, text_of(test, "ek"));
    before = o;
    assert_int_equal(lk_mlkem_decaps(set, o.ss, o.dk, ct, ct_len), valid);
    if (valid)
        assert_hex(o.ss, sizeof o.ss, text_of(test, "K"));
    else
        assert_memory_equal(&o, &before, sizeof o);
}

static void wycheproof_keygen(void **state) {
    for_each(*state, "_keygen_seed_test.json", check_keygen);
}

static void wycheproof_encaps(void **state) {
    for_each(*state, "_encaps_test.json", check_encaps);
}

static void wycheproof_decaps(void **state) {
    for_each(*state, "_test.json", check_decaps);
}

/* ---- the three operations together ----------------------------------------------------------- */

/* assert_rejected asserts that decapsulation yields J(z || c) for this ciphertext. */
static void assert_rejected(const lk_mlkem_set *set, const outputs *o, const uint8_t *ct) {
    uint8_t z_ct[32 + LK_MLKEM1024_CIPHERTEXT], expected[32], ss[32];
    memcpy(z_ct, o->dk + set->private_len - 32, 32);
    memcpy(z_ct + 32, ct, set->ciphertext);
    lk_shake256(expected, sizeof expected, z_ct, 32U + set->ciphertext);
    assert_true(lk_mlkem_decaps(set, ss, o->dk, ct, set->ciphertext));
    assert_memory_equal(ss, expected, sizeof ss);
    assert_memory_not_equal(ss, o->ss, sizeof ss);
}

static void round_trips(void **state) {
    const lk_mlkem_set *set = ((const parameters *)*state)->set;
    for (uint32_t i = 0; i < 1000; i++) {
        outputs o;
        uint8_t random[LK_MLKEM_SEED + LK_MLKEM_MESSAGE], ss[LK_MLKEM_SHARED];
        const uint8_t *m = random + LK_MLKEM_SEED;
        lk_shake256(random, sizeof random, &i, sizeof i);
        lk_mlkem_keygen(set, o.ek, o.dk, random);
        assert_true(lk_mlkem_encaps(set, o.ct, o.ss, o.ek, set->public, m));
        assert_true(lk_mlkem_decaps(set, ss, o.dk, o.ct, set->ciphertext));
        assert_memory_equal(ss, o.ss, sizeof ss);
        o.ct[i * 37 % set->ciphertext] ^= (uint8_t)(1 << i % 8);
        assert_rejected(set, &o, o.ct);
    }
}

static void flipped_bits_are_rejected(void **state) {
    const lk_mlkem_set *set = ((const parameters *)*state)->set;
    outputs o;
    const uint8_t seed[LK_MLKEM_SEED] = {1}, m[LK_MLKEM_MESSAGE] = {2};
    lk_mlkem_keygen(set, o.ek, o.dk, seed);
    assert_true(lk_mlkem_encaps(set, o.ct, o.ss, o.ek, set->public, m));
    for (size_t bit = 0; bit < 8U * set->ciphertext; bit += 7) {
        o.ct[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_rejected(set, &o, o.ct);
        o.ct[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Accumulated, in the way of C2SP/CCTV: all randomness is read from one SHAKE128 of nothing and all
 * results are hashed by another, ciphertexts that are random bytes among them. */
static void accumulated(void **state) {
    const parameters *p = *state;
    const lk_mlkem_set *set = p->set;
    lk_sponge random, results;
    uint8_t digest[32];
    lk_sponge_start(&random, LK_SPONGE_SHAKE128);
    lk_sponge_finish(&random);
    lk_sponge_start(&results, LK_SPONGE_SHAKE128);
    for (unsigned i = 0; i < 100; i++) {
        outputs o;
        uint8_t seed[LK_MLKEM_SEED], m[LK_MLKEM_MESSAGE], ss[LK_MLKEM_SHARED];
        lk_sponge_squeeze(&random, seed, sizeof seed);
        lk_mlkem_keygen(set, o.ek, o.dk, seed);
        lk_sponge_absorb(&results, o.ek, set->public);
        lk_sponge_squeeze(&random, m, sizeof m);
        assert_true(lk_mlkem_encaps(set, o.ct, o.ss, o.ek, set->public, m));
        lk_sponge_absorb(&results, o.ct, set->ciphertext);
        lk_sponge_absorb(&results, o.ss, sizeof o.ss);
        assert_true(lk_mlkem_decaps(set, ss, o.dk, o.ct, set->ciphertext));
        assert_memory_equal(ss, o.ss, sizeof ss);
        lk_sponge_squeeze(&random, o.ct, set->ciphertext);
        assert_true(lk_mlkem_decaps(set, ss, o.dk, o.ct, set->ciphertext));
        lk_sponge_absorb(&results, ss, sizeof ss);
    }
    lk_sponge_finish(&results);
    lk_sponge_squeeze(&results, digest, sizeof digest);
    assert_hex(digest, 32, p->accumulated);
}

/* For 768 Go's crypto/mlkem publishes the digest; that for 1024 is one on which PQClean, kyber-py,
 * CIRCL and Go agree. */
static const parameters with_768 = {
    "ML-KEM-768", "mlkem_768", &lk_mlkem_768,
    "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415"};
static const parameters with_1024 = {
    "ML-KEM-1024", "mlkem_1024", &lk_mlkem_1024,
    "800018fec3e2723f73f1d657fe239b4d5d8782efaade297e8cd448e54cc2ac00"};

#define WITH(set, test)                                                                            \
    { #test " " #set, test, NULL, NULL, (void *)(uintptr_t)&with_##set }
#define WITH_BOTH(test) WITH(768, test), WITH(1024, test)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha3_known_answers),
        cmocka_unit_test(shake_long_output),
        cmocka_unit_test(sponge_any_split),
        cmocka_unit_test(ntt_is_the_remainders),
        cmocka_unit_test(dot_is_the_sum_of_products),
        cmocka_unit_test(compression_is_exact),
        cmocka_unit_test(decompression_is_exact),
        WITH_BOTH(wycheproof_keygen),
        WITH_BOTH(wycheproof_encaps),
        WITH_BOTH(wycheproof_decaps),
        WITH_BOTH(round_trips),
        WITH_BOTH(flipped_bits_are_rejected),
        WITH_BOTH(accumulated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
