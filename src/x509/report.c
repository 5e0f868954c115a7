#include "x509/report.h"

#include "util/heap.h"
#include "x509/compared.h"
#include "x509/search.h"
#include "x509/sentence.h"

struct lockstep_report {
    lk_heap heap;
    lockstep_status status;
    size_t num_checks;
    lockstep_check *checks;
    char *text; /* all strings one behind the other, each with its NUL */
    size_t text_size;
    const char *sentence;
    uint8_t path[LK_PATH_MAX]; /* indices into the chain that was judged */
    size_t path_len;
    uint32_t listed; /* bit by depth */
};

static const struct {
    const char *name, *rule;
} kinds[] = {
#define LK_X(name, text, rule) {text, rule},
    LK_CHECK_MAP(LK_X)
#undef LK_X
};

/* write_all writes every string into `out`: for each check the subject and what was compared, then
 * the sentence; each with a NUL. */
static bool write_all(lk_buffer *out, lockstep_status status, const lk_facts *facts,
                      const lk_host *host, bool client, int64_t now) {
    static const lk_slice nul = {(const uint8_t *)"", 1};
    lk_pen p = {.out = out, .host = host, .client = client, .now = now};
    for (size_t i = 0; i < facts->n; i++) {
        lk_put_subject(&p, facts->at[i].cert);
        p.bad = p.bad || !lk_buffer_append(out, nul);
        lk_put_compared(&p, &facts->at[i]);
        p.bad = p.bad || !lk_buffer_append(out, nul);
    }
    lk_say(&p, status, facts);
    return !p.bad && lk_buffer_append(out, nul);
}

/* listed_of: of which certificates a list has said something. */
static uint32_t listed_of(const lk_facts *facts) {
    uint32_t listed = 0;
    for (size_t i = 0; i < facts->n; i++) {
        const lk_fact *fact = &facts->at[i];
        lk_standing standing = fact->u.revocation.standing;
        if (fact->kind == LK_CHECK_REVOCATION &&
            (standing == LK_STANDING_GOOD || standing == LK_STANDING_REVOKED))
            listed |= UINT32_C(1) << fact->depth;
    }
    return listed;
}

lockstep_status lk_report_make(lockstep_report **out, const lk_heap *heap, lockstep_status status,
                               const lk_facts *facts, const lk_host *host, bool client,
                               int64_t now_ms) {
    *out = NULL;
    lk_buffer text = lk_buffer_of(heap, 0);
    lockstep_report *report = lk_alloc(heap, sizeof *report);
    lockstep_check *checks = lk_alloc(heap, (facts->n + 1) * sizeof checks[0]);
    if (report == NULL || checks == NULL ||
        !write_all(&text, status, facts, host, client, now_ms / 1000 - (now_ms % 1000 < 0)))
        goto no_memory;
    char *strings = lk_alloc(heap, lk_buffer_length(&text));
    if (strings == NULL)
        goto no_memory;
    memcpy(strings, lk_buffer_bytes(&text), lk_buffer_length(&text));
    *report = (lockstep_report){.heap = *heap,
                                .status = status,
                                .num_checks = facts->n,
                                .listed = listed_of(facts),
                                .checks = checks,
                                .text = strings,
                                .text_size = lk_buffer_length(&text)};
    lk_buffer_free(&text);
    const char *at = strings;
    for (size_t i = 0; i < facts->n; i++) {
        const lk_fact *fact = &facts->at[i];
        checks[i] = (lockstep_check){.depth = fact->depth,
                                     .name = kinds[fact->kind].name,
                                     .rule = kinds[fact->kind].rule,
                                     .status = fact->status,
                                     .subject = at};
        at += strlen(at) + 1;
        checks[i].compared = at;
        at += strlen(at) + 1;
    }
    report->sentence = at;
    *out = report;
    return LOCKSTEP_OK;
no_memory:
    lk_buffer_free(&text);
    lk_release(heap, checks, (facts->n + 1) * sizeof checks[0]);
    lk_release(heap, report, sizeof *report);
    return LOCKSTEP_ERR_NO_MEMORY;
}

bool lockstep_report_listed(const lockstep_report *report, size_t depth) {
    return report != NULL && depth < LK_PATH_MAX && (report->listed >> depth & 1) != 0;
}

void lk_report_set_path(lockstep_report *report, const uint8_t *indices, size_t n) {
    report->path_len = n < LK_PATH_MAX ? n : LK_PATH_MAX;
    memcpy(report->path, indices, report->path_len);
}

size_t lockstep_report_path(const lockstep_report *report, size_t *indices, size_t max) {
    if (report == NULL)
        return 0;
    for (size_t i = 0; i < report->path_len && i < max && indices != NULL; i++)
        indices[i] = report->path[i];
    return report->path_len;
}

void lockstep_report_free(lockstep_report *report) {
    if (report == NULL)
        return;
    lk_heap heap = report->heap;
    lk_release(&heap, report->text, report->text_size);
    lk_release(&heap, report->checks, (report->num_checks + 1) * sizeof report->checks[0]);
    lk_release(&heap, report, sizeof *report);
}

lockstep_status lockstep_report_status(const lockstep_report *report) {
    return report == NULL ? LOCKSTEP_ERR_USAGE : report->status;
}

const char *lockstep_report_sentence(const lockstep_report *report) {
    return report == NULL ? "" : report->sentence;
}

size_t lockstep_report_num_checks(const lockstep_report *report) {
    return report == NULL ? 0 : report->num_checks;
}

const lockstep_check *lockstep_report_check(const lockstep_report *report, size_t i) {
    return report == NULL || i >= report->num_checks ? NULL : &report->checks[i];
}
