/*
 * address.h - which addresses belong to everybody, and which to a machine or a network of its own.
 */
#ifndef LK_NET_ADDRESS_H
#define LK_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * lk_address_public says whether an address is one of the public Internet: not loopback, private,
 * link-local, shared, documentation, multicast or reserved (the special-purpose registries of RFC
 * 6890), nor an IPv6 address that carries such an IPv4 address. What is not known is not public.
 */
bool lk_address_public(const struct sockaddr *address);

/* lk_address_loopback: nobody but this machine itself can reach it. */
bool lk_address_loopback(const struct sockaddr *address);

#endif
