#include "net/address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

typedef struct block {
    uint32_t base;
    int bits;
} block;

/* The IPv4 special-purpose registry, as far as it is not globally reachable, and multicast. */
static const block special4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private use */
    {0x64400000, 10}, /* shared address space */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local, where clouds keep their metadata */
    {0xac100000, 12}, /* private use */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relays, once */
    {0xc0a80000, 16}, /* private use */
    {0xc6120000, 15}, /* benchmarking */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool public4(uint32_t address) {
    for (size_t i = 0; i < sizeof special4 / sizeof special4[0]; i++)
        if ((address ^ special4[i].base) >> (32 - special4[i].bits) == 0)
            return false;
    return true;
}

static uint32_t word(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool public6(const uint8_t *a) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, nat64, sizeof nat64) == 0)
        return public4(word(a + 12));
    /* Global unicast is 2000::/3; all else (loopback, unique local, link-local, multicast) is not.
     */
    if (a[0] >> 5 != 1)
        return false;
    if (word(a) >> 9 == 0x20010000 >> 9 || word(a) == 0x20010db8) /* 2001::/23, documentation */
        return false;
    if (word(a) >> 12 == 0x3fff0000 >> 12) /* documentation (RFC 9637) */
        return false;
    return a[0] != 0x20 || a[1] != 0x02 || public4(word(a + 2)); /* 6to4 carries an address */
}

bool lk_address_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return public4(ntohl(in->sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)address;
        return public6(in->sin6_addr.s6_addr);
    }
    return false;
}

bool lk_address_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)address;
        return memcmp(&in->sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
    }
    return false;
}
