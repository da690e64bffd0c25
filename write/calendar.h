/* calendar: dates and times of the Gregorian calendar, read from ISO 8601 and written by locale.
 *
 * A date is days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms"); years 1 to 9999. No time zones: a
 * time is the one that the data tell; an offset or Z at its end is read and kept in no account of.
 */
#ifndef AIGC_WRITE_CALENDAR_H
#define AIGC_WRITE_CALENDAR_H

#include "write/locale.h"

typedef struct {
    int64_t day;      /* since 1970-01-01 */
    int32_t seconds;  /* of the day */
    bool has_date, has_time;
} moment;

typedef struct {
    int year, month, day; /* from 1 */
} civil;

int64_t calendar_days(civil c);
civil calendar_civil(int64_t day);
int calendar_weekday(int64_t day); /* 0: Monday */
int calendar_month_days(int year, int month);

/* "2026-11-27", "2026-11-27T15:05:00Z", "2026-11-27 15:05", "15:05", "15:05:30", also with a fraction of seconds, which is dropped. */
bool calendar_read(const char *text, size_t size, moment *out);

/* A date in one of the forms: full (weekday too), long, short (27 Nov 2026), day (27 November), month (November 2026), weekday,
 * numeric, iso, year, quarter. False: there is no such form. */
bool calendar_date(phrase *p, const locale *l, int64_t day, const char *form);
extern const char CALENDAR_FORMS[];

void calendar_time(phrase *p, const locale *l, int32_t seconds, bool with_seconds);

/* "two hours and five minutes", the two largest units that are not 0, exact only where nothing is left: then true. */
bool calendar_duration(phrase *p, const locale *l, int64_t seconds, int units);

/* How a day stands to another: today, yesterday, three days ago, in two weeks, last month (where that is exact); else the
 * long date. */
void calendar_relative(phrase *p, const locale *l, int64_t day, int64_t today);

#endif
