/*
 * shapes.h - what is wrong with the certificates of each fault, and what the client asks of them.
 */
#ifndef LK_LAB_SHAPES_H
#define LK_LAB_SHAPES_H

#include "lab/inside.h"

void lk_shape_expired(lk_shape *s);
void lk_shape_not_yet_valid(lk_shape *s);
void lk_shape_expired_middle(lk_shape *s);
void lk_shape_wrong_host(lk_shape *s);
void lk_shape_no_san(lk_shape *s);
void lk_shape_self_signed(lk_shape *s);
void lk_shape_unknown_ca(lk_shape *s);
void lk_shape_stranger(lk_shape *s);
void lk_shape_alone(lk_shape *s);
void lk_shape_not_a_ca(lk_shape *s);
void lk_shape_constrained(lk_shape *s);
void lk_shape_weak_key(lk_shape *s);
void lk_shape_sha1(lk_shape *s);
void lk_shape_bad_signature(lk_shape *s);
void lk_shape_wrong_purpose(lk_shape *s);
void lk_shape_wrong_usage(lk_shape *s);
void lk_shape_unknown_critical(lk_shape *s);
void lk_shape_must_staple(lk_shape *s);
void lk_shape_revoked(lk_shape *s);
void lk_shape_unstapled(lk_shape *s);
void lk_shape_no_timestamps(lk_shape *s);

/* What the lab's client asks without a fault (lists, logs, pins), and what it asks instead. */
LK_CHECKED lockstep_status lk_policy_usual(lk_stage *stage, lockstep_policy *policy);
LK_CHECKED lockstep_status lk_policy_listed(lk_stage *stage, lockstep_policy *policy);
LK_CHECKED lockstep_status lk_policy_other_pin(lk_stage *stage, lockstep_policy *policy);

#endif
