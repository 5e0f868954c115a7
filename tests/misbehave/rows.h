/*
 * rows.h - how the tables of misbehave.h are written: one line a row.
 */
#ifndef LK_TESTS_ROWS_H
#define LK_TESTS_ROWS_H

#include "misbehave/misbehave.h"

/* clang-format off */
#define ROW(title, broken, who, when, what, id, bytes, count, found, sent)                         \
    {.name = title, .rule = broken, .setup = who, .at = PEER_##when, .act = act_##what,            \
     .ext = id, .hex = bytes, .n = count, .status = LOCKSTEP_##found,                              \
     .alert = LOCKSTEP_ALERT_##sent}
/* The alert is under keys that come with the very message. */
#define ROW_UNDER_KEYS(title, broken, who, when, what, id, bytes, count, found, sent)              \
    {.name = title, .rule = broken, .setup = who, .at = PEER_##when, .act = act_##what,            \
     .ext = id, .hex = bytes, .n = count, .status = LOCKSTEP_##found,                              \
     .alert = LOCKSTEP_ALERT_##sent, .under_keys = true}
/* The peer's own alert ends it, and no answer is sent. */
#define ROW_ALERT(title, broken, who, when, what, id, bytes, count, number)                        \
    {.name = title, .rule = broken, .setup = who, .at = PEER_##when, .act = act_##what,            \
     .ext = id, .hex = bytes, .n = count,                                                          \
     .status = (lockstep_status)(LOCKSTEP_ALERT_FROM_PEER + (number)),                             \
     .alert = LOCKSTEP_ALERT_NONE}
#define END {.name = NULL}

/* who is under test; _13: one that speaks TLS 1.3 alone */
#define CLIENT_13           {.configure = only_tls13}
#define SERVER_13           {.server = true, .configure = only_tls13}
#define CLIENT              {.server = false}
#define CLIENT_RETRY        {.retry = true}
#define CLIENT_AUTH         {.auth = LOCKSTEP_CLIENT_AUTH_REQUEST}
#define CLIENT_ALPN         {.alpn = true}
#define CLIENT_LIMIT        {.limit = 64}
#define CLIENT_P256         {.group = LOCKSTEP_GROUP_SECP256R1}
#define CLIENT_P384         {.group = LOCKSTEP_GROUP_SECP384R1}
#define CLIENT_HYBRID       {.group = LOCKSTEP_GROUP_X25519MLKEM768}
#define CLIENT_P521         {.group = LOCKSTEP_GROUP_SECP521R1}
#define CLIENT_P384_HYBRID  {.group = LOCKSTEP_GROUP_SECP384R1MLKEM1024}
#define CLIENT_MLKEM1024    {.group = LOCKSTEP_GROUP_MLKEM1024}
#define CLIENT_NO_COMPAT    {.no_compatibility = true}
#define CLIENT_ECH          {.ech = PEER_ECH_ACCEPT}
#define CLIENT_ECH_RETRY    {.ech = PEER_ECH_ACCEPT, .retry = true}
#define CLIENT_ECH_REJECT   {.ech = PEER_ECH_REJECT, .identity = PKI_OTHER_NAME}
#define CLIENT_ECH_OTHER    {.ech = PEER_ECH_REJECT, .identity = PKI_ED25519}
#define CLIENT_ECH_AUTH     {.ech = PEER_ECH_REJECT, .identity = PKI_OTHER_NAME, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST}
#define CLIENT_ECH_PSK      {.ech = PEER_ECH_REJECT, .psk = true, .psk_refused = true}
#define CLIENT_ECH_BOTH     {.ech = PEER_ECH_REJECT, .identity = PKI_OTHER_NAME, .retry = true}
#define SERVER              {.server = true}
#define SERVER_ECH          {.server = true, .ech = PEER_ECH_ACCEPT}
#define SERVER_ECH_RETRY    {.server = true, .ech = PEER_ECH_ACCEPT, .retry = true}
#define SERVER_RETRY        {.server = true, .retry = true}
#define SERVER_AUTH         {.server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST}
#define SERVER_REQUIRE      {.server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUIRE}
#define SERVER_REQUIRE_NONE {.server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUIRE, .no_client_certificate = true}
#define SERVER_AUTH_NONE    {.server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST, .no_client_certificate = true}
#define SERVER_ALPN         {.server = true, .alpn = true}
#define SERVER_LIMIT        {.server = true, .limit = 64}
#define SERVER_P256         {.server = true, .group = LOCKSTEP_GROUP_SECP256R1}
#define SERVER_P384         {.server = true, .group = LOCKSTEP_GROUP_SECP384R1}
#define CLIENT_P256_HYBRID  {.group = LOCKSTEP_GROUP_SECP256R1MLKEM768}
#define SERVER_P256_HYBRID  {.server = true, .group = LOCKSTEP_GROUP_SECP256R1MLKEM768}
#define SERVER_P521         {.server = true, .group = LOCKSTEP_GROUP_SECP521R1}
#define SERVER_P384_HYBRID  {.server = true, .group = LOCKSTEP_GROUP_SECP384R1MLKEM1024}
#define SERVER_MLKEM1024    {.server = true, .group = LOCKSTEP_GROUP_MLKEM1024}
#define SERVER_HYBRID       {.server = true, .group = LOCKSTEP_GROUP_X25519MLKEM768}
/* clang-format on */

/* 64 zero digits, for values that are all zero. */
#define ZERO_16 "00000000000000000000000000000000"
#define ZERO_32 ZERO_16 ZERO_16

#endif
