/*
 * http_file_cache_test.c - small files that are kept: never older than the file, never more than
 * were promised.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <time.h>
#include <unistd.h>

#include "http/file_cache.h"

static char base[256];
static int root_fd = -1;
static lk_file_cache *cache;
static lk_moment when; /* an hour from now, so that files of now have settled */

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static const char *in(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static void write_file(const char *name, const char *text) {
    int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

/* The clock by which a kernel stamps files goes in steps. */
static void let_the_clock_step(void) {
    nanosleep(&(struct timespec){0, 20000000}, NULL);
}

static int setup(void **state) {
    (void)state;
    snprintf(base, sizeof base, "/tmp/lockstep-file-cache-XXXXXX");
    if (mkdtemp(base) == NULL)
        return -1;
    root_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cache = lk_file_cache_new(root_fd);
    when = (lk_moment){.turn = 1, .now_ms = 1000, .unix_s = (int64_t)time(NULL) + 3600};
    write_file("a.txt", "first");
    return cache == NULL || root_fd < 0;
}

static int teardown(void **state) {
    (void)state;
    lk_file_cache_free(cache);
    close(root_fd);
    return nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* keep opens a file as serve does, and offers it. */
static void keep(const char *path) {
    lk_file file;
    char body[LK_CACHE_FILE_MAX + 2];
    assert_int_equal(lk_file_open(&file, root_fd, path), 0);
    ssize_t n = pread(file.fd, body, sizeof body, 0);
    assert_true(n >= 0);
    close(file.fd);
    lk_file_cache_put(cache, path, &file, lk_slice_of_str("X: y\r\n\r\n"),
                      lk_slice_of(body, (size_t)n), when);
}

static const lk_cached_file *next_turn(const char *path) {
    when.turn++;
    return lk_file_cache_get(cache, path, when);
}

static void assert_kept(const lk_cached_file *f, const char *text) {
    assert_non_null(f);
    assert_int_equal(f->body.p_len, strlen(text));
    assert_memory_equal(f->body.p, text, strlen(text));
    assert_true(lk_slice_equal(f->fields, lk_slice_of_str("X: y\r\n\r\n")));
    assert_int_equal(f->file.fd, -1);
    assert_int_equal(f->file.stat.st_size, strlen(text));
}

static void test_keeps(void **state) {
    (void)state;
    assert_null(next_turn("/a.txt"));
    keep("/a.txt");
    assert_kept(lk_file_cache_get(cache, "/a.txt", when), "first");
    assert_kept(next_turn("/a.txt"), "first");
    assert_string_equal(next_turn("/a.txt")->file.type, "text/plain; charset=utf-8");
    assert_null(next_turn("/b.txt"));
}

static void test_index_of_a_folder(void **state) {
    (void)state;
    assert_int_equal(mkdir(in("d"), 0755), 0);
    write_file("index.html", "top");
    write_file("d/index.html", "below");
    keep("/");
    keep("/d/");
    assert_kept(next_turn("/"), "top");
    assert_kept(next_turn("/d/"), "below");
    assert_int_equal(unlink(in("d/index.html")), 0);
    assert_null(next_turn("/d/"));
}

/* Whatever happens to a file, the next turn knows. */
static void test_sees_every_change(void **state) {
    (void)state;
    keep("/a.txt");
    let_the_clock_step();
    write_file("a.txt", "other");                                   /* as long as before */
    assert_kept(lk_file_cache_get(cache, "/a.txt", when), "first"); /* in the same turn */
    assert_null(next_turn("/a.txt"));

    keep("/a.txt");
    assert_kept(next_turn("/a.txt"), "other");
    write_file("new.txt", "newer");
    assert_int_equal(renameat(root_fd, "new.txt", root_fd, "a.txt"), 0);
    assert_null(next_turn("/a.txt"));

    keep("/a.txt");
    assert_kept(next_turn("/a.txt"), "newer");
    assert_int_equal(truncate(in("a.txt"), 2), 0);
    assert_null(next_turn("/a.txt"));

    keep("/a.txt");
    assert_kept(next_turn("/a.txt"), "ne");
    let_the_clock_step();
    assert_int_equal(chmod(in("a.txt"), 0600), 0);
    assert_null(next_turn("/a.txt"));

    keep("/a.txt");
    assert_non_null(next_turn("/a.txt"));
    assert_int_equal(unlink(in("a.txt")), 0);
    assert_null(next_turn("/a.txt"));
    write_file("a.txt", "again");
    assert_null(next_turn("/a.txt")); /* what is forgotten does not come back */
}

/* Setting back the time of the last change does not hide one: the kernel's own time shows it. */
static void test_times_set_back(void **state) {
    (void)state;
    const struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
    assert_int_equal(utimensat(root_fd, "a.txt", old, 0), 0);
    keep("/a.txt");
    assert_non_null(next_turn("/a.txt"));
    let_the_clock_step();
    write_file("a.txt", "other");
    assert_int_equal(utimensat(root_fd, "a.txt", old, 0), 0);
    assert_null(next_turn("/a.txt"));
}

static void test_a_link_that_turns(void **state) {
    (void)state;
    write_file("b.txt", "inner");
    assert_int_equal(symlink("a.txt", in("link")), 0);
    keep("/link");
    assert_kept(next_turn("/link"), "first");
    assert_int_equal(unlink(in("link")), 0);
    assert_int_equal(symlink("b.txt", in("link")), 0);
    assert_null(next_turn("/link"));
}

static void test_asks_anew_after_a_while(void **state) {
    (void)state;
    keep("/a.txt");
    when.now_ms += LK_CACHE_FRESH_MS - 1;
    assert_non_null(next_turn("/a.txt"));
    when.now_ms += 1;
    assert_null(next_turn("/a.txt"));
}

/* A file that has just changed may change again within what its time can tell. */
static void test_not_while_it_changes(void **state) {
    (void)state;
    when.unix_s = (int64_t)time(NULL);
    keep("/a.txt");
    assert_null(next_turn("/a.txt"));
    when.unix_s += LK_CACHE_SETTLED_S + 2;
    keep("/a.txt");
    assert_non_null(next_turn("/a.txt"));
    when.unix_s = 0; /* of the future, as after a clock was set back */
    keep("/a.txt");
    assert_non_null(next_turn("/a.txt")); /* the one from before */
    lk_file_cache_free(cache);
    cache = lk_file_cache_new(root_fd);
    keep("/a.txt");
    assert_null(next_turn("/a.txt"));
}

static void test_only_small_ones(void **state) {
    (void)state;
    char text[LK_CACHE_FILE_MAX + 2];
    memset(text, 'x', sizeof text);
    text[LK_CACHE_FILE_MAX + 1] = '\0';
    write_file("large", text);
    keep("/large");
    assert_null(next_turn("/large"));
    text[LK_CACHE_FILE_MAX] = '\0';
    write_file("just", text);
    keep("/just");
    assert_kept(next_turn("/just"), text);
    write_file("empty", "");
    keep("/empty");
    assert_kept(next_turn("/empty"), "");
}

/* A file that grew between its stat and its reading is not what its stat says. */
static void test_not_if_sizes_differ(void **state) {
    (void)state;
    lk_file file;
    assert_int_equal(lk_file_open(&file, root_fd, "/a.txt"), 0);
    close(file.fd);
    lk_file_cache_put(cache, "/a.txt", &file, lk_slice_of_str(""), lk_slice_of_str("first and"),
                      when);
    assert_null(next_turn("/a.txt"));
    file.kind = LK_FILE_LISTING;
    lk_file_cache_put(cache, "/a.txt", &file, lk_slice_of_str(""), lk_slice_of_str("first"), when);
    assert_null(next_turn("/a.txt"));
}

/* However many there are, no more than LK_CACHE_FILES are kept, and each is the right one. */
static void test_bounded(void **state) {
    (void)state;
    char path[64], text[64];
    size_t kept = 0;
    for (int i = 0; i < 2 * LK_CACHE_FILES; i++) {
        snprintf(path, sizeof path, "/f%d", i);
        write_file(path + 1, path);
        keep(path);
    }
    for (int i = 0; i < 2 * LK_CACHE_FILES; i++) {
        snprintf(path, sizeof path, "/f%d", i);
        const lk_cached_file *f = next_turn(path);
        if (f == NULL)
            continue;
        kept++;
        snprintf(text, sizeof text, "/f%d", i);
        assert_kept(f, text);
    }
    assert_in_range(kept, LK_CACHE_FILES / 2, LK_CACHE_FILES);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_keeps),
        CASE(test_index_of_a_folder),
        CASE(test_sees_every_change),
        CASE(test_times_set_back),
        CASE(test_a_link_that_turns),
        CASE(test_asks_anew_after_a_while),
        CASE(test_not_while_it_changes),
        CASE(test_only_small_ones),
        CASE(test_not_if_sizes_differ),
        CASE(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
