/*
 * store_data_test.c - the user's files: what is saved is there whole and with its mode, or what was
 * there before; and where the data directory is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/data.h"

static char root[256];

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static int setup(void **state) {
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(root, sizeof root, "%.200s/lk-data-XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(root) == NULL;
}

static int teardown(void **state) {
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* in makes a path below the directory of this test; `slot` as several may be needed at a time. */
static const char *in(int slot, const char *name) {
    static char paths[3][512];
    snprintf(paths[slot], sizeof paths[slot], "%s/%s", root, name);
    return paths[slot];
}

static size_t count_entries(const char *path) {
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n - 2; /* "." and ".." */
}

static void assert_holds(const char *path, const char *expected, unsigned mode) {
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    struct stat s;
    assert_true(lk_file_load(&b, path, 1u << 20));
    assert_true(lk_slice_equal(lk_buffer_slice(&b), lk_slice_of_str(expected)));
    lk_buffer_free(&b);
    assert_int_equal(stat(path, &s), 0);
    assert_true(S_ISREG(s.st_mode));
    assert_int_equal(s.st_mode & 07777, mode);
}

static void test_save(void **state) {
    const char *dir = in(1, "save"), *file = in(0, "save/file");
    (void)state;
    assert_int_equal(mkdir(dir, 0700), 0);
    mode_t old = umask(0);
    assert_true(lk_file_save(file, "one", 3, 0600, false));
    assert_holds(file, "one", 0600);
    /* It is there: left alone unless it may be replaced. */
    errno = 0;
    assert_false(lk_file_save(file, "two", 3, 0644, false));
    assert_int_equal(errno, EEXIST);
    assert_holds(file, "one", 0600);
    assert_true(lk_file_save(file, "three", 5, 0644, true));
    assert_holds(file, "three", 0644);
    assert_true(lk_file_save(file, "", 0, 0600, true));
    assert_holds(file, "", 0600);
    assert_true(
        lk_file_save(in(2, "save/new"), "new", 3, 0640, true)); /* nothing to replace is fine */
    assert_holds(in(2, "save/new"), "new", 0640);
    /* A strict umask does not take from the mode that was asked for. */
    umask(0777);
    assert_true(lk_file_save(in(2, "save/masked"), "m", 1, 0644, false));
    umask(old);
    assert_holds(in(2, "save/masked"), "m", 0644);
    assert_int_equal(count_entries(dir), 3); /* and no temporary files */
}

static void test_save_that_fails(void **state) {
    const char *dir = in(1, "fail");
    char longest[5000];
    (void)state;
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(mkdir(in(2, "fail/taken"), 0700), 0);
    errno = 0;
    assert_false(lk_file_save(in(0, "fail/none/file"), "x", 1, 0600, true));
    assert_int_equal(errno, ENOENT);
    assert_false(lk_file_save(in(0, "fail/taken"), "x", 1, 0600, true));
    assert_int_equal(errno, EISDIR);
    assert_false(lk_file_save(in(0, "fail/taken"), "x", 1, 0600, false));
    assert_int_equal(errno, EEXIST);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(lk_file_save(longest, "x", 1, 0600, true));
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(count_entries(dir), 1); /* no temporary file is left behind */
}

/* A link in the place of the file: it is replaced, and what it leads to stays as it is. */
static void test_save_over_a_link(void **state) {
    struct stat s;
    (void)state;
    assert_true(lk_file_save(in(0, "victim"), "victim", 6, 0600, false));
    assert_int_equal(symlink(in(0, "victim"), in(1, "link")), 0);
    assert_false(lk_file_save(in(1, "link"), "x", 1, 0600, false));
    assert_int_equal(errno, EEXIST);
    assert_true(lk_file_save(in(1, "link"), "mine", 4, 0600, true));
    assert_int_equal(lstat(in(1, "link"), &s), 0);
    assert_true(S_ISREG(s.st_mode));
    assert_holds(in(1, "link"), "mine", 0600);
    assert_holds(in(0, "victim"), "victim", 0600);
}

/* Who reads while another writes sees one version or the other, whole. */
static void test_save_is_atomic(void **state) {
    enum { SIZE = 40000, ROUNDS = 100 };
    static char bytes[SIZE];
    const char *file = in(0, "atomic");
    (void)state;
    memset(bytes, 'a', SIZE);
    assert_true(lk_file_save(file, bytes, SIZE, 0600, false));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (int i = 0; i < ROUNDS; i++) {
            memset(bytes, 'a' + i % 2, SIZE);
            if (!lk_file_save(file, bytes, SIZE, 0600, true))
                _exit(1);
        }
        _exit(0);
    }
    int status = 0;
    do {
        lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
        assert_true(lk_file_load(&b, file, SIZE));
        assert_int_equal(lk_buffer_length(&b), SIZE);
        const uint8_t *p = lk_buffer_bytes(&b);
        assert_int_equal(memcmp(p, p + 1, SIZE - 1), 0);
        lk_buffer_free(&b);
    } while (waitpid(child, &status, WNOHANG) == 0);
    assert_int_equal(status, 0);
}

static void test_load(void **state) {
    static uint8_t bytes[50000];
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 >> 3);
    assert_true(lk_file_save(in(0, "load"), bytes, sizeof bytes, 0600, false));
    assert_true(lk_buffer_append(&b, lk_slice_of_str("before")));
    assert_true(lk_file_load(&b, in(0, "load"), sizeof bytes)); /* just as much as it may be */
    assert_int_equal(lk_buffer_length(&b), 6 + sizeof bytes);
    assert_memory_equal(lk_buffer_bytes(&b), "before", 6);
    assert_memory_equal(lk_buffer_bytes(&b) + 6, bytes, sizeof bytes);
    errno = 0;
    assert_false(lk_file_load(&b, in(0, "load"), sizeof bytes - 1));
    assert_int_equal(errno, EFBIG);
    assert_false(lk_file_load(&b, in(0, "absent"), 10));
    assert_int_equal(errno, ENOENT);
    assert_false(lk_file_load(&b, root, 10));
    assert_int_equal(errno, EISDIR);
    lk_buffer_free(&b);
}

/* ---- The data directory ---------------------------------------------------------------------- */

static void assert_private_directory(const char *path) {
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_true(S_ISDIR(s.st_mode));
    assert_int_equal(s.st_mode & 07777, 0700);
}

/* Secrets are this user's alone, in a regular file. */
static void test_load_secrets(void **state) {
    static const struct {
        mode_t mode;
        bool empty, good;
    } rows[] = {{0600, false, true},  {0400, false, true},  {0700, false, true},
                {0640, false, false}, {0604, false, false}, {0620, false, false},
                {0602, false, false}, {0644, true, true},   {0622, true, false}};
    const char *path = in(0, "secrets");
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
        assert_true(lk_file_save(path, "secret", rows[i].empty ? 0 : 6, 0600, true));
        assert_int_equal(chmod(path, rows[i].mode), 0);
        const char *why = lk_file_load_secrets(&b, path, 100);
        assert_int_equal(why == NULL, rows[i].good);
        assert_int_equal(lk_buffer_length(&b), rows[i].good && !rows[i].empty ? 6 : 0);
        lk_buffer_free(&b);
    }
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(lk_file_save(path, "secret", 6, 0600, true));
    assert_non_null(lk_file_load_secrets(&b, path, 5));
    assert_int_equal(errno, EFBIG);
    assert_non_null(lk_file_load_secrets(&b, in(1, "none"), 100));
    assert_int_equal(errno, ENOENT);
    assert_non_null(lk_file_load_secrets(&b, root, 100));
    assert_int_equal(mkfifo(in(1, "fifo"), 0600), 0);
    assert_non_null(lk_file_load_secrets(&b, in(1, "fifo"), 100)); /* and does not wait for it */
    assert_non_null(lk_file_load_secrets(&b, "/dev/null", 100));
    assert_int_equal(lk_buffer_length(&b), 0);
    lk_buffer_free(&b);
}

static void test_data_dir(void **state) {
    char out[512], small[16];
    (void)state;
    setenv("HOME", in(0, "home"), 1);
    setenv("XDG_DATA_HOME", in(1, "xdg/data"), 1);
    assert_null(lk_data_dir(out, sizeof out, false));
    assert_string_equal(out, in(2, "xdg/data/lockstep"));
    assert_int_equal(access(in(1, "xdg"), F_OK), -1); /* nothing is made unless it is asked for */
    mode_t old = umask(0);
    assert_null(lk_data_dir(out, sizeof out, true));
    umask(old);
    assert_private_directory(in(1, "xdg"));
    assert_private_directory(out);
    assert_null(lk_data_dir(out, sizeof out, true)); /* it is there already */
    assert_int_equal(access(in(1, "home"), F_OK), -1);

    /* empty or relative: as if it were not set */
    static const char *const ignored[] = {NULL, "", "relative/path", "./x", "~/x"};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        if (ignored[i] == NULL)
            unsetenv("XDG_DATA_HOME");
        else
            setenv("XDG_DATA_HOME", ignored[i], 1);
        assert_null(lk_data_dir(out, sizeof out, false));
        assert_string_equal(out, in(2, "home/.local/share/lockstep"));
    }
    assert_null(lk_data_dir(out, sizeof out, true));
    assert_private_directory(out);

    assert_non_null(lk_data_dir(small, sizeof small, false));
    unsetenv("HOME");
    assert_non_null(lk_data_dir(out, sizeof out, false));
    setenv("HOME", "relative", 1);
    assert_non_null(lk_data_dir(out, sizeof out, false));
    setenv("XDG_DATA_HOME", "/dev/null/x", 1); /* a place where no directory can be */
    assert_null(lk_data_dir(out, sizeof out, false));
    assert_non_null(lk_data_dir(out, sizeof out, true));
}

static void test_lock(void **state) {
    (void)state;
    assert_int_equal(lk_data_lock(in(0, "no/such/directory")), -1);
    int first = lk_data_lock(root);
    assert_true(first >= 0);
    assert_true(fcntl(first, F_GETFD) & FD_CLOEXEC);
    /* Held by one descriptor, it is closed to every other, until that one is closed. */
    int other = open(in(0, "lock"), O_RDWR | O_CLOEXEC);
    assert_true(other >= 0);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    close(first);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    close(other);
    int again = lk_data_lock(root);
    assert_true(again >= 0);
    close(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save),
        cmocka_unit_test(test_save_that_fails),
        cmocka_unit_test(test_save_over_a_link),
        cmocka_unit_test(test_save_is_atomic),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_load_secrets),
        cmocka_unit_test(test_data_dir),
        cmocka_unit_test(test_lock),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
