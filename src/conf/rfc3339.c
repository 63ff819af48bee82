/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 text and Unix time. Dates by the proleptic Gregorian calendar counted from 1 March, so
 * that the leap day is the last of its year (the well-known days-from-civil arithmetic).
 * Invariant: what format writes, parse reads back to the same nanosecond.
 */
#include "conf/rfc3339.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"

#define DAY_S INT64_C(86400)

static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	if (month <= 2)
		year--;
	int64_t era = year / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	days += 719468;
	int64_t era = days / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			  day_of_era / 146096) /
			 365;
	int64_t of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
	int64_t shifted = (5 * of_year + 2) / 153;

	*day = of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted < 10 ? shifted + 3 : shifted - 9;
	*year = era * 400 + of_era + (*month <= 2 ? 1 : 0);
}

static int64_t month_days(int64_t year, int64_t month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Exactly n digits and then the character after (0: none wanted); false if they are not there. */
static bool digits(const char **text, int n, char after, int64_t *ret)
{
	*ret = 0;
	for (; n > 0; n--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*ret = *ret * 10 + (**text - '0');
	}
	if (after == '\0')
		return true;
	return *(*text)++ == after;
}

static bool fraction(const char **text, int64_t *ret_ns)
{
	int64_t unit = HR_NS_PER_S;

	*ret_ns = 0;
	if (**text != '.')
		return true;
	(*text)++;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		unit /= 10;
		if (unit == 0)
			return false;
		*ret_ns += unit * (**text - '0');
	}
	return true;
}

/* "Z" or "+01:00" to the end of the text. */
static bool zone(const char *text, int64_t *ret_s)
{
	int64_t hour;
	int64_t minute;
	char sign = *text++;

	*ret_s = 0;
	if (sign == 'Z' || sign == 'z')
		return *text == '\0';
	if (sign != '+' && sign != '-')
		return false;
	if (!digits(&text, 2, ':', &hour) || !digits(&text, 2, '\0', &minute) || *text != '\0' ||
	    hour > 23 || minute > 59)
		return false;
	*ret_s = (hour * 60 + minute) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

int hr_rfc3339_parse(const char *text, int64_t *ret_ns)
{
	int64_t year;
	int64_t month;
	int64_t day;
	int64_t hour;
	int64_t minute;
	int64_t second;
	int64_t ns;
	int64_t offset_s;

	if (!digits(&text, 4, '-', &year) || !digits(&text, 2, '-', &month) ||
	    !digits(&text, 2, '\0', &day))
		return -EINVAL;
	if (*text != 'T' && *text != 't' && *text != ' ')
		return -EINVAL;
	text++;
	if (!digits(&text, 2, ':', &hour) || !digits(&text, 2, ':', &minute) ||
	    !digits(&text, 2, '\0', &second) || !fraction(&text, &ns) || !zone(text, &offset_s))
		return -EINVAL;
	if (year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month) || hour > 23 || minute > 59 || second > 60)
		return -ERANGE;
	int64_t s = days_from_date(year, month, day) * DAY_S + (hour * 60 + minute) * 60 + second -
		    offset_s;
	if (s < 0)
		return -ERANGE;
	*ret_ns = s * HR_NS_PER_S + ns;
	return 0;
}

char *hr_rfc3339_format(int64_t ns, char buf[HR_RFC3339_BYTES])
{
	int64_t year;
	int64_t month;
	int64_t day;

	if (ns < 0)
		ns = 0;
	int64_t s = ns / HR_NS_PER_S;
	int64_t of_day = s % DAY_S;
	ns %= HR_NS_PER_S;
	date_from_days(s / DAY_S, &year, &month, &day);
	int n = snprintf(buf, HR_RFC3339_BYTES,
			 "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64
			 ":%02" PRId64,
			 year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60);
	if (ns != 0) {
		n += snprintf(buf + n, HR_RFC3339_BYTES - (size_t)n, ".%09" PRId64, ns);
		while (buf[n - 1] == '0')
			n--;
	}
	buf[n] = 'Z';
	buf[n + 1] = '\0';
	return buf;
}
