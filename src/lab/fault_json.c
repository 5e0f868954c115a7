/* A row of the table of faults for other programs. */
#include "lab/lab.h"

static json_t *alert_json(int alert) {
    return alert >= 0 ? json_integer(alert) : json_null();
}

json_t *lk_fault_json(const lk_fault *f) {
    static const char *const kinds[] = {
        [LK_FAULT_CERTIFICATE] = "certificate", [LK_FAULT_PEER] = "peer", [LK_FAULT_WIRE] = "wire"};
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s?, s:s, s:o, s:o, s:s}",
                     "name", f->name, "kind", kinds[f->kind], "title", f->title, "line", f->line,
                     "version", f->version == 0x0303 ? "1.2" : "1.3", "at",
                     f->at_client ? "client" : "server", "step", f->step, "status",
                     lockstep_status_name(f->status), "alert", alert_json(f->alert), "alert_name",
                     f->alert >= 0 ? lockstep_alert_name(f->alert) : NULL, "browser", f->browser,
                     "browser_alert", alert_json(f->browser_alert), "firefox_alert",
                     alert_json(f->firefox_alert), "person", f->person);
}
