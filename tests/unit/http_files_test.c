/*
 * http_files_test.c - which files of a directory are served: those below it and no others, whatever
 * the path says and wherever its symbolic links lead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/files.h"

static char base[256]; /* base/site is served, base/outside is not */
static int root_fd = -1;

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static const char *in(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static void make_dir(const char *name) {
    assert_int_equal(mkdir(in(name), 0755), 0);
}

static void make_file(const char *name, const char *text) {
    int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static void make_link(const char *target, const char *name) {
    assert_int_equal(symlink(target, in(name)), 0);
}

/* An absolute link to a place below `base`. */
static void make_absolute_link(const char *target, const char *name) {
    char text[512];
    snprintf(text, sizeof text, "%s/%s", base, target);
    make_link(text, name);
}

static void make_socket(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), here = open(".", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && here >= 0);
    /* The paths of sockets must be short. */
    assert_int_equal(chdir(base), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", name);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fchdir(here), 0);
    close(here);
    close(fd);
}

static int setup(void **state) {
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(base, sizeof base, "%.200s/lk-files-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(base) == NULL)
        return -1;
    make_dir("outside");
    make_file("outside/secret.txt", "secret");
    make_dir("site");
    make_dir("site-not"); /* its name begins like the root's */
    make_file("site-not/secret.txt", "secret");
    make_file("site/a.txt", "text a");
    make_file("site/empty", "");
    make_file("site/with space & <b>.html", "odd");
    make_file("site/back\\slash", "odd");
    make_file("site/.hidden", "hidden");
    make_file("site/..dots", "hidden");
    make_dir("site/.git");
    make_file("site/.git/config", "hidden");
    make_dir("site/.well-known");
    make_file("site/.well-known/security.txt", "well known");
    make_file("site/.well-known/.hidden", "hidden");
    make_file("site/.well-known-not", "hidden");
    make_dir("site/sub");
    make_file("site/sub/b.css", "text b");
    make_dir("site/sub/deep");
    make_file("site/sub/deep/c.js", "text c");
    make_dir("site/index");
    make_file("site/index/index.html", "the index");
    make_dir("site/odd-index");
    make_dir("site/odd-index/index.html");
    make_dir("site/leak-index");
    make_link("../../outside/secret.txt", "site/leak-index/index.html");
    /* links that stay inside */
    make_link("a.txt", "site/link-a.txt");
    make_link("sub", "site/link-sub");
    make_link("../../a.txt", "site/sub/deep/up.txt");
    make_absolute_link("site/a.txt", "site/absolute-a.txt");
    make_absolute_link("site/sub", "site/absolute-sub");
    make_link("absolute-a.txt", "site/twice.txt");
    /* links that lead out */
    make_link("../outside/secret.txt", "site/out.txt");
    make_link("../outside", "site/out");
    make_link("../site-not", "site/beside");
    make_link("..", "site/up");
    make_link("/etc/passwd", "site/passwd");
    make_link("/", "site/slash");
    make_absolute_link("outside/secret.txt", "site/absolute-out.txt");
    make_absolute_link("outside", "site/absolute-out");
    make_absolute_link("site-not/secret.txt", "site/absolute-beside.txt");
    make_link("out.txt", "site/out-twice.txt");
    make_link("/proc/self/cwd", "site/magic");
    make_link("/proc/self/environ", "site/environ");
    /* links to nowhere */
    make_link("loop", "site/loop");
    make_link("absent", "site/dangling");
    /* no files */
    assert_int_equal(mkfifo(in("site/fifo"), 0644), 0);
    make_socket("site/socket");
    root_fd = open(in("site"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root_fd < 0;
}

static int teardown(void **state) {
    (void)state;
    close(root_fd);
    return nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- Opening --------------------------------------------------------------------------------- */

static const struct {
    const char *path, *text, *type;
} found[] = {
    {"/a.txt", "text a", "text/plain; charset=utf-8"},
    {"//a.txt", "text a", "text/plain; charset=utf-8"},
    {"/empty", "", "application/octet-stream"},
    {"/with space & <b>.html", "odd", "text/html; charset=utf-8"},
    {"/back\\slash", "odd", "application/octet-stream"},
    {"/sub/b.css", "text b", "text/css; charset=utf-8"},
    {"/sub//b.css", "text b", "text/css; charset=utf-8"},
    {"/sub/deep/c.js", "text c", "text/javascript; charset=utf-8"},
    {"/index/", "the index", "text/html; charset=utf-8"},
    {"/index/index.html", "the index", "text/html; charset=utf-8"},
    {"/.well-known/security.txt", "well known", "text/plain; charset=utf-8"},
    {"/link-a.txt", "text a", "text/plain; charset=utf-8"},
    {"/link-sub/b.css", "text b", "text/css; charset=utf-8"},
    {"/sub/deep/up.txt", "text a", "text/plain; charset=utf-8"},
    {"/absolute-a.txt", "text a", "text/plain; charset=utf-8"},
    {"/absolute-sub/b.css", "text b", "text/css; charset=utf-8"},
    {"/absolute-sub/deep/c.js", "text c", "text/javascript; charset=utf-8"},
    {"/twice.txt", "text a", "text/plain; charset=utf-8"},
};

static void test_files(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        char text[64] = "";
        lk_file f;
        int status = lk_file_open(&f, root_fd, found[i].path);
        if (status != 0)
            fail_msg("%s: %d", found[i].path, status);
        assert_int_equal(f.kind, LK_FILE_REGULAR);
        assert_true(f.fd >= 0);
        assert_true(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(fcntl(f.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
        assert_int_equal(read(f.fd, text, sizeof text - 1), strlen(found[i].text));
        assert_string_equal(text, found[i].text);
        assert_int_equal(f.stat.st_size, strlen(found[i].text));
        assert_string_equal(f.type, found[i].type);
        close(f.fd);
    }
}

static const char *const directories[] = {
    "/",           "/sub/", "/sub/deep/", "/link-sub/", "/absolute-sub/", "/.well-known/",
    "/odd-index/", "//"};

static void test_directories(void **state) {
    static const char *const redirects[] = {"/sub", "/index", "/link-sub", "/absolute-sub",
                                            "/sub/deep"};
    lk_file f;
    (void)state;
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        assert_int_equal(lk_file_open(&f, root_fd, directories[i]), 0);
        assert_int_equal(f.kind, LK_FILE_LISTING);
        assert_true(S_ISDIR(f.stat.st_mode));
        assert_string_equal(f.type, "text/html; charset=utf-8");
        close(f.fd);
    }
    for (size_t i = 0; i < sizeof redirects / sizeof redirects[0]; i++) {
        assert_int_equal(lk_file_open(&f, root_fd, redirects[i]), 0);
        assert_int_equal(f.kind, LK_FILE_REDIRECT);
        assert_int_equal(f.fd, -1);
    }
    /* An index that leads out is not there. */
    assert_int_equal(lk_file_open(&f, root_fd, "/leak-index/"), 0);
    assert_int_equal(f.kind, LK_FILE_LISTING);
    close(f.fd);
}

static const char *const absent[] = {
    "", "a.txt", "*", "../outside/secret.txt", "/absent", "/sub/absent", "/absent/", "/a.txt/",
    "/a.txt/b", "/a.txt/.", "/A.TXT", "/a.txt ", "/a.txt\\", "/%61.txt",
    /* dots */
    "/..", "/../", "/../outside/secret.txt", "/../site/a.txt", "/sub/../a.txt",
    "/sub/../../outside/secret.txt", "/sub/deep/../../../outside/secret.txt", "/.", "/./",
    "/./a.txt", "/sub/.", "/sub/..", "//../a.txt", "/...", "/..dots", "/link-sub/../a.txt",
    /* hidden names */
    "/.hidden", "/.git", "/.git/", "/.git/config", "//.git/config", "/.well-known/.hidden",
    "/.well-known-not", "/.well-known/../a.txt", "/.WELL-KNOWN/security.txt", "/.well-known.txt",
    /* links that lead out */
    "/out.txt", "/out", "/out/", "/out/secret.txt", "/beside/secret.txt", "/up/",
    "/up/outside/secret.txt", "/up/site/a.txt/", "/passwd", "/slash/", "/slash/etc/passwd",
    "/absolute-out.txt", "/absolute-out/", "/absolute-out/secret.txt", "/absolute-beside.txt",
    "/out-twice.txt", "/magic", "/magic/", "/environ", "/leak-index/index.html",
    /* nowhere, and no files */
    "/loop", "/dangling", "/fifo", "/fifo/", "/socket"};

static void test_absent(void **state) {
    (void)state;
    alarm(20); /* a FIFO must not make us wait */
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        lk_file f;
        int status = lk_file_open(&f, root_fd, absent[i]);
        if (status != 404)
            fail_msg("\"%s\": expected 404, got %d (kind %d)", absent[i], status, f.kind);
        assert_int_equal(f.fd, -1);
    }
    alarm(0);
    char longest[6000];
    lk_file f;
    memset(longest, 'a', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(lk_file_open(&f, root_fd, longest), 404);
    for (size_t i = 0; i < sizeof longest - 1; i += 100)
        longest[i] = '/';
    assert_int_equal(lk_file_open(&f, root_fd, longest), 404);
}

static void test_forbidden(void **state) {
    lk_file f;
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may read everything */
    make_file("site/closed.txt", "x");
    assert_int_equal(chmod(in("site/closed.txt"), 0), 0);
    assert_int_equal(lk_file_open(&f, root_fd, "/closed.txt"), 403);
    assert_int_equal(f.fd, -1);
    assert_int_equal(unlink(in("site/closed.txt")), 0);
}

/* No way to fail keeps a descriptor. */
static void test_descriptors(void **state) {
    (void)state;
    int before = dup(root_fd);
    assert_true(before >= 0);
    close(before);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
            lk_file f;
            assert_int_equal(lk_file_open(&f, root_fd, absent[i]), 404);
        }
        for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
            lk_file f;
            assert_int_equal(lk_file_open(&f, root_fd, directories[i]), 0);
            close(f.fd);
        }
    }
    int after = dup(root_fd);
    assert_int_equal(after, before);
    close(after);
}

/* ---- What a file is -------------------------------------------------------------------------- */

static void test_types(void **state) {
    static const struct {
        const char *name, *type;
    } rows[] = {
        {"a.html", "text/html; charset=utf-8"},
        {"A.HTML", "text/html; charset=utf-8"},
        {"/x/y.mjs", "text/javascript; charset=utf-8"},
        {"a.json", "application/json"},
        {"a.tar.gz", "application/gzip"},
        {"a.wasm", "application/wasm"},
        {"a.svg", "image/svg+xml"},
        {"html", "application/octet-stream"},
        {"a", "application/octet-stream"},
        {"a.", "application/octet-stream"},
        {"", "application/octet-stream"},
        {"/dir.html/file", "application/octet-stream"},
        {"a.htmlx", "application/octet-stream"},
        {"a.html~", "application/octet-stream"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(lk_file_type(rows[i].name), rows[i].type);
}

static void etag_of(char out[64], const char *path) {
    lk_file f;
    assert_int_equal(lk_file_open(&f, root_fd, path), 0);
    lk_file_etag(out, &f.stat);
    close(f.fd);
    size_t n = strlen(out);
    assert_true(n > 2 && n < 63 && out[0] == '"' && out[n - 1] == '"');
    for (size_t i = 1; i < n - 1; i++) /* RFC 9110 §8.8.3: etagc */
        assert_true(out[i] > 0x20 && out[i] < 0x7f && out[i] != '"' && out[i] != ',');
}

static void test_etag(void **state) {
    struct timespec times[2] = {{.tv_sec = 1000000000, .tv_nsec = 5},
                                {.tv_sec = 1000000000, .tv_nsec = 5}};
    char tags[5][64];
    (void)state;
    make_file("site/tagged", "one");
    assert_int_equal(utimensat(AT_FDCWD, in("site/tagged"), times, 0), 0);
    etag_of(tags[0], "/tagged");
    etag_of(tags[1], "/tagged");
    assert_string_equal(tags[0], tags[1]); /* nothing has changed */
    times[1].tv_nsec = 6;
    assert_int_equal(utimensat(AT_FDCWD, in("site/tagged"), times, 0), 0);
    etag_of(tags[1], "/tagged"); /* a moment later */
    make_file("site/tagged", "four");
    assert_int_equal(utimensat(AT_FDCWD, in("site/tagged"), times, 0), 0);
    etag_of(tags[2], "/tagged"); /* another size */
    make_file("site/other", "four");
    assert_int_equal(utimensat(AT_FDCWD, in("site/other"), times, 0), 0);
    etag_of(tags[3], "/other"); /* another file, put in its place */
    times[1].tv_sec--;
    assert_int_equal(utimensat(AT_FDCWD, in("site/other"), times, 0), 0);
    etag_of(tags[4], "/other"); /* an older version, put back */
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(tags[i], tags[k]);
    unlink(in("site/tagged"));
    unlink(in("site/other"));
}

/* The biggest numbers still fit. */
static void test_longest_etag(void **state) {
    struct stat s;
    char out[64];
    (void)state;
    memset(&s, 0, sizeof s);
    s.st_size = INT64_MAX;
    s.st_mtim.tv_sec = -1;
    s.st_mtim.tv_nsec = 999999999;
    s.st_ino = UINT64_MAX;
    lk_file_etag(out, &s);
    assert_int_equal(out[strlen(out) - 1], '"');
}

/* ---- A directory as a page ------------------------------------------------------------------- */

/* page returns the listing of a directory, as a string to free. */
static char *page(const char *path, const char *shown) {
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    lk_file f;
    assert_int_equal(lk_file_open(&f, root_fd, path), 0);
    assert_int_equal(f.kind, LK_FILE_LISTING);
    assert_true(lk_file_listing(&b, root_fd, f.fd, shown));
    assert_true(fcntl(f.fd, F_GETFD) >= 0); /* still open */
    close(f.fd);
    char *text = strndup((const char *)lk_buffer_bytes(&b), lk_buffer_length(&b));
    assert_non_null(text);
    assert_int_equal(strlen(text), lk_buffer_length(&b));
    lk_buffer_free(&b);
    return text;
}

static void has(const char *text, const char *part, bool expected) {
    if ((strstr(text, part) != NULL) != expected)
        fail_msg("%s \"%s\" in: %s", expected ? "no" : "unexpected", part, text);
}

static void test_listing(void **state) {
    (void)state;
    char *text = page("/", "/");
    has(text, "<!doctype html>", true);
    has(text, "<a href=\"./a.txt\">a.txt</a></td><td>6 B</td>", true);
    has(text, "<a href=\"./sub/\">sub/</a>", true);
    has(text, "<a href=\"./with%20space%20%26%20%3Cb%3E.html\">with space &amp; &lt;b&gt;.html</a>",
        true);
    has(text, "<a href=\"./back%5Cslash\">", true);
    has(text, "<a href=\"./link-a.txt\">", true);
    has(text, "<b>", false);
    has(text, "href=\"../\"", false); /* nothing is above the root */
    has(text, "hidden", false);
    has(text, ".git", false);
    has(text, "..dots", false);
    has(text, "fifo", false);
    has(text, "socket", false);
    has(text, "dangling", false);
    has(text, "loop", false);
    assert_true(strstr(text, "./sub/") < strstr(text, "./a.txt")); /* in order */
    free(text);

    text = page("/sub/", "/sub/\"><script>alert('1')&</script>\r\n\x7f/");
    has(text, "<a href=\"../\">../</a>", true);
    has(text, "<a href=\"./deep/\">deep/</a>", true);
    has(text,
        "/sub/&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&amp;&lt;/script&gt;??"
        "?/",
        true);
    has(text, "<script", false);
    free(text);
}

/* A link that leads out is not served, so it is not listed either: its line would tell the size and
 * the date of what lies outside. */
static void test_listing_stays_inside(void **state) {
    (void)state;
    char *text = page("/", "/");
    has(text, "out.txt", false);
    has(text, "passwd", false);
    has(text, "absolute-out", false);
    has(text, "beside", false);
    has(text, "./absolute-a.txt", true);
    free(text);
}

/* A name may hold everything but a slash and a NUL: none of it may become a tag, or end an
 * attribute. */
static void test_listing_of_odd_names(void **state) {
    char name[300] = "site/odd/";
    size_t at = strlen(name), n = at;
    (void)state;
    make_dir("site/odd");
    for (int c = 1; c < 256; c++)
        if (c != '/' && c != '.')
            name[n++] = (char)c;
    name[n] = '\0';
    make_file(name, "x");
    make_file("site/odd/javascript:alert(1)", "x");
    make_file("site/odd/\"onmouseover=\"x", "x");
    char *text = page("/odd/", "/odd/");
    has(text, "<a href=\"./javascript%3Aalert%281%29\">", true);
    has(text, "<a href=\"./%22onmouseover%3D%22x\">&quot;onmouseover=&quot;x</a>", true);
    has(text, "href=\"./%01%02%03", true);
    size_t links = 0;
    for (const char *p = text; (p = strstr(p, "<a href=\"")) != NULL; p++)
        links++;
    assert_int_equal(links, 4); /* these three and "../" */
    free(text);
    assert_int_equal(unlink(in(name)), 0);
    assert_int_equal(unlink(in("site/odd/javascript:alert(1)")), 0);
    assert_int_equal(unlink(in("site/odd/\"onmouseover=\"x")), 0);
    assert_int_equal(rmdir(in("site/odd")), 0);
}

static void test_listing_that_does_not_fit(void **state) {
    lk_file f;
    (void)state;
    assert_int_equal(lk_file_open(&f, root_fd, "/"), 0);
    for (uint32_t limit = 16; limit < 6000; limit += 500) {
        lk_buffer b = lk_buffer_of(&lk_heap_default, limit);
        bool ok = lk_file_listing(&b, root_fd, f.fd, "/");
        assert_true(ok || lk_buffer_length(&b) <= limit);
        assert_true(limit > 1000 || !ok);
        lk_buffer_free(&b);
    }
    close(f.fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_etag),
        cmocka_unit_test(test_longest_etag),
        cmocka_unit_test(test_listing),
        cmocka_unit_test(test_listing_stays_inside),
        cmocka_unit_test(test_listing_of_odd_names),
        cmocka_unit_test(test_listing_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
