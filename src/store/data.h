/*
 * data.h - files of this user: the data directory and whole files, written so that a crash leaves
 * the old or the new one and never half of one.
 */
#ifndef LK_STORE_DATA_H
#define LK_STORE_DATA_H

#include "util/buffer.h"

/* lk_data_dir writes the path of the data directory, $XDG_DATA_HOME/lockstep or
 * ~/.local/share/lockstep, and makes it (mode 0700) if `make`. NULL, or what is wrong. */
const char *lk_data_dir(char *out, size_t out_len, bool make);

/* lk_cache_dir does the same for a part of the cache, $XDG_CACHE_HOME/lockstep/PART or
 * ~/.cache/lockstep/PART: what is there may be deleted at any time. */
const char *lk_cache_dir(char *out, size_t out_len, const char *part, bool make);

/* lk_file_load appends a whole file of at most `max` bytes; false with errno. */
bool lk_file_load(lk_buffer *out, const char *path, size_t max);

/* lk_file_load_secrets does the same for a file on which this user relies: one that is not his own,
 * or that others can write to or (unless it is empty) read, is refused. NULL, or what is wrong and
 * errno. */
const char *lk_file_load_secrets(lk_buffer *out, const char *path, size_t max);

/* lk_file_save writes a whole file with `mode`, by way of a temporary file beside it. With
 * `replace` false an existing file is left alone and errno is EEXIST. */
bool lk_file_save(const char *path, const void *bytes, size_t n, unsigned mode, bool replace);

/* lk_data_lock takes a lock on the data directory that lasts until the descriptor is closed, so
 * that two commands do not make two CAs. -1: no lock. */
int lk_data_lock(const char *dir);

#endif
