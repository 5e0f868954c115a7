/*
 * meddle.h - what somebody between the ends does, and what an end does wrong: one function for each
 * fault. Hooks of a wire take the stage as `arg`.
 */
#ifndef LK_LAB_MEDDLE_H
#define LK_LAB_MEDDLE_H

#include "lab/inside.h"

/* in clear: the hellos (meddle_hello.c) */
void lk_meddle_stand_between(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_random(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_suite(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_zero_share(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_offer_tls12(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_offer_tls11(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_second_retry(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_oversize(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_plain_http(void *arg, const lk_carried *record, lk_buffer *arrives);

/* protected records (meddle.c) */
void lk_meddle_flip(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_repeat(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_reorder(void *arg, const lk_carried *record, lk_buffer *arrives);
void lk_meddle_truncate(void *arg, const lk_carried *record, lk_buffer *arrives);

/* messages that an end rewrites (meddle.c) */
bool lk_rewrite_finished(lk_buffer *message);
bool lk_rewrite_away(lk_buffer *message);
bool lk_rewrite_bomb(lk_buffer *message);

#endif
