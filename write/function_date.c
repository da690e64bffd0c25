/* Dates, times and durations. */
#include <string.h>

#include "write/run.h"

RUN_FILTER(date)
{
    static const char *const names[] = {"form", NULL};
    jinja_value given;
    char form[32];
    moment m;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "date", a, names, 0, &given) || !run_option(r, at, "date", given, form) || !run_moment(r, at, "date", v, true, &m)) return (jinja_value){0};
    if (!calendar_date(&p, run_of(r)->locale, m.day, *form ? form : "long")) return jinja_fail(r, at, "date: form '%s' found, one of %s wanted", form, CALENDAR_FORMS);
    return run_say(r, at, &p);
}

RUN_FILTER(time)
{
    static const char *const names[] = {"seconds", NULL};
    jinja_value given;
    moment m;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "time", a, names, 0, &given) || !run_moment(r, at, "time", v, false, &m)) return (jinja_value){0};
    calendar_time(&p, run_of(r)->locale, m.seconds, run_true(given));
    return run_say(r, at, &p);
}

/* Seconds as "two hours and five minutes"; what is rounded away makes it "about". */
RUN_FILTER(duration)
{
    static const char *const names[] = {"units", NULL}, *const about[] = {"about ", "etwa ", "environ ", "约"};
    jinja_value given;
    int units;
    double x;
    phrase p = {0}, q = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "duration", a, names, 0, &given) || !run_small(r, at, "duration", given, 1, 4, 2, &units) || !run_number(r, at, "duration", v, &x)) return (jinja_value){0};
    if (x < 0 || x > 1e12) return jinja_fail(r, at, "duration: %g seconds found, 0 to 10^12 wanted", x);
    bool exact = calendar_duration(&q, run_of(r)->locale, (int64_t)(x + 0.5), units);
    phrase_format(&p, "%s%s", exact ? "" : about[run_of(r)->locale->language], q.text);
    return run_say(r, at, &p);
}

RUN_FILTER(relative)
{
    static const char *const names[] = {"to", NULL};
    jinja_value given;
    moment m, today = run_of(r)->today;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "relative", a, names, 0, &given)) return (jinja_value){0};
    if (jinja_missing(given)) return given;
    if (!run_moment(r, at, "relative", v, true, &m) || (!run_absent(given) && !run_moment(r, at, "relative", given, true, &today))) return (jinja_value){0};
    calendar_relative(&p, run_of(r)->locale, m.day, today.day);
    return run_say(r, at, &p);
}

static bool two_moments(jinja_context *r, const jinja_node *at, const char *what, const jinja_arguments *a, bool date, moment m[2], jinja_value *missing)
{
    static const char *const names[] = {"from", "to", NULL};
    jinja_value given[2];
    *missing = (jinja_value){0};
    if (!jinja_bind(r, at, what, a, names, 2, given)) return false;
    for (int i = 0; i < 2; i++)
        if (jinja_missing(given[i])) return *missing = given[i], false;
    return run_moment(r, at, what, given[0], date, &m[0]) && run_moment(r, at, what, given[1], date, &m[1]);
}

RUN_FUNCTION(days_between)
{
    moment m[2];
    jinja_value missing;
    return two_moments(r, at, "days_between", a, true, m, &missing) ? jinja_int(m[1].day - m[0].day) : missing;
}

RUN_FUNCTION(seconds_between)
{
    moment m[2];
    jinja_value missing;
    if (!two_moments(r, at, "seconds_between", a, false, m, &missing)) return missing;
    if (m[0].has_date != m[1].has_date) return jinja_fail(r, at, "seconds_between: one of the two has a date, the other has none");
    return jinja_int((m[1].day - m[0].day) * 86400 + m[1].seconds - m[0].seconds);
}

/* Whole years, as an age is told. */
RUN_FUNCTION(years_between)
{
    moment m[2];
    jinja_value missing;
    if (!two_moments(r, at, "years_between", a, true, m, &missing)) return missing;
    civil from = calendar_civil(m[0].day), to = calendar_civil(m[1].day);
    return jinja_int(to.year - from.year - (to.month < from.month || (to.month == from.month && to.day < from.day)));
}

RUN_FUNCTION(add_days)
{
    static const char *const names[] = {"date", "days", NULL};
    jinja_value given[2];
    moment m;
    int days;
    phrase p = {0};
    if (!jinja_bind(r, at, "add_days", a, names, 2, given)) return (jinja_value){0};
    for (int i = 0; i < 2; i++)
        if (jinja_missing(given[i])) return given[i];
    if (!run_moment(r, at, "add_days", given[0], true, &m) || !run_small(r, at, "add_days", given[1], -4000000, 4000000, 0, &days)) return (jinja_value){0};
    civil c = calendar_civil(m.day + days);
    if (c.year < 1 || c.year > 9999) return jinja_fail(r, at, "add_days: a year beyond 1 to 9999");
    calendar_date(&p, run_of(r)->locale, m.day + days, "iso");
    return run_say(r, at, &p);
}
