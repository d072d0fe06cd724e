#include "config.h"

#include "fcgi/base/value.h"

#include <string.h>
#include <time.h>

/* Digits of the settlement currency and 10^digits; written once at start. */
static struct {
	int digits;
	int64_t unit;
} currency = { 2, 100 };

void money_set_digits(int digits)
{
	currency.digits = digits;
	currency.unit = 1;
	for (int i = 0; i < digits; i++)
		currency.unit *= 10;
}

int money_digits(void)
{
	return currency.digits;
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

/* Appends digits of *s to *v; false on overflow. Moves *s behind them. */
static bool take_digits(const char **s, int64_t *v)
{
	for (; is_digit(**s); (*s)++)
		if (__builtin_mul_overflow(*v, 10, v) ||
		    __builtin_add_overflow(*v, **s - '0', v))
			return false;
	return true;
}

bool money_parse(const char *s, struct money *out)
{
	bool negative = *s == '-';
	int64_t v = 0;

	if (negative)
		s++;
	if (!is_digit(*s) || (*s == '0' && is_digit(s[1])))
		return false;
	if (!take_digits(&s, &v))
		return false;
	int missing = currency.digits;
	if (*s == '.') {
		const char *fraction = ++s;

		if (!take_digits(&s, &v))
			return false;
		missing -= (int)(s - fraction);
		if (s == fraction || missing < 0)
			return false;
	}
	if (*s)
		return false;
	for (; missing > 0; missing--)
		if (__builtin_mul_overflow(v, 10, &v))
			return false;
	out->minor = negative ? -v : v;
	return true;
}

/* Writes v in decimal with at least `least` digits; returns the end. */
static char *put_digits(char *p, uint64_t v, int least)
{
	char reversed[24];
	int n = 0;

	for (; v || n < least; v /= 10)
		reversed[n++] = (char)('0' + v % 10);
	while (n)
		*p++ = reversed[--n];
	return p;
}

char *money_text(struct money m, char out[MONEY_TEXT_MAX])
{
	char *p = out;
	uint64_t v = m.minor < 0 ? 0 - (uint64_t)m.minor : (uint64_t)m.minor;

	if (m.minor < 0)
		*p++ = '-';
	p = put_digits(p, v / (uint64_t)currency.unit, 1);
	if (currency.digits) {
		*p++ = '.';
		p = put_digits(p, v % (uint64_t)currency.unit, currency.digits);
	}
	*p = '\0';
	return out;
}

bool money_add(struct money a, struct money b, struct money *out)
{
	int64_t v;

	if (__builtin_add_overflow(a.minor, b.minor, &v))
		return false;
	out->minor = v;
	return true;
}

bool money_sub(struct money a, struct money b, struct money *out)
{
	int64_t v;

	if (__builtin_sub_overflow(a.minor, b.minor, &v))
		return false;
	out->minor = v;
	return true;
}

bool money_times(struct money a, int64_t n, struct money *out)
{
	int64_t v;

	if (__builtin_mul_overflow(a.minor, n, &v))
		return false;
	out->minor = v;
	return true;
}

__extension__ typedef __int128 wide;

bool money_share(struct money m, int64_t numerator, int64_t denominator,
                 struct money *out)
{
	if (denominator <= 0)
		return false;
	wide product = (wide)m.minor * numerator;
	wide half = denominator / 2;
	/* Half away from zero; an odd denominator has no exact half. */
	wide v = product >= 0 ? (product + half) / denominator
	                      : (product - half) / denominator;
	if (v > INT64_MAX || v < INT64_MIN)
		return false;
	out->minor = (int64_t)v;
	return true;
}

/*
 * Hamilton's method. Each part gets the floor of its exact share; what is left
 * (fewer units than parts) goes one by one to the largest remainders. n is
 * small (order lines), so the search for the largest is plain.
 */
void money_split(struct money total, const int64_t *weights, size_t n,
                 struct money *parts)
{
	bool negative = total.minor < 0;
	wide amount = negative ? -(wide)total.minor : total.minor;
	wide sum = 0;
	wide left = amount;

	for (size_t i = 0; i < n; i++)
		sum += weights[i];
	if (sum == 0)
		sum = 1;
	for (size_t i = 0; i < n; i++) {
		parts[i].minor = (int64_t)(amount * weights[i] / sum);
		left -= parts[i].minor;
	}
	while (left > 0 && n) {
		size_t best = n;
		wide most = -1;

		for (size_t i = 0; i < n; i++) {
			/* What the part still misses, in units of 1/sum; one
			 * unit less once it got its extra. */
			wide misses = amount * weights[i] -
			              (wide)parts[i].minor * sum;

			if (weights[i] > 0 && misses > most) {
				most = misses;
				best = i;
			}
		}
		if (best == n)
			best = 0;
		parts[best].minor++;
		left--;
	}
	if (negative)
		for (size_t i = 0; i < n; i++)
			parts[i].minor = -parts[i].minor;
}

static int64_t read_clock(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct when when_now(void)
{
	return (struct when){ read_clock(CLOCK_REALTIME) };
}

int64_t when_ticks(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

struct when when_plus(struct when w, int64_t seconds)
{
	return (struct when){ w.us + seconds * 1000000 };
}

/* H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": days since
 * 1970-01-01. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

enum { US = 1000000, DAY = 86400 };

struct when_parts when_split(struct when w)
{
	int64_t us = w.us % US;
	int64_t seconds = w.us / US;

	if (us < 0) {
		us += US;
		seconds--;
	}
	int64_t days = seconds / DAY;
	int64_t rest = seconds % DAY;
	if (rest < 0) {
		rest += DAY;
		days--;
	}
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);
	int64_t weekday = (days + 4) % 7;

	return (struct when_parts){
		.year = (int)(yoe + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
		.microsecond = (int)us,
		.weekday = (int)(weekday < 0 ? weekday + 7 : weekday),
	};
}

struct when when_join(const struct when_parts *p)
{
	int64_t days = days_from_civil(p->year, p->month, p->day);
	int64_t seconds =
		days * DAY + p->hour * 3600LL + p->minute * 60LL + p->second;

	return (struct when){ seconds * US + p->microsecond };
}

/* Exactly n digits, then the character `then` (NUL = nothing asked). */
static bool take_fixed(const char **s, int n, char then, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (!is_digit(**s))
			return false;
		v = v * 10 + (**s - '0');
	}
	if (then && *(*s)++ != then)
		return false;
	*out = v;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
		                    31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_fraction(const char **s, int *us)
{
	int digits = 0;

	*us = 0;
	for (; is_digit(**s); (*s)++, digits++)
		if (digits < 6)
			*us = *us * 10 + (**s - '0');
	if (!digits || digits > 9)
		return false;
	for (; digits < 6; digits++)
		*us *= 10;
	return true;
}

/* Z or ±hh:mm, to the end of the text. */
static bool take_offset(const char *s, int *seconds)
{
	int hours, minutes;
	char sign = *s++;

	*seconds = 0;
	if (sign == 'Z' || sign == 'z')
		return !*s;
	if (sign != '+' && sign != '-')
		return false;
	if (!take_fixed(&s, 2, ':', &hours) ||
	    !take_fixed(&s, 2, '\0', &minutes) || *s)
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return true;
}

bool when_parse(const char *s, struct when *out)
{
	struct when_parts p = { 0 };
	int offset;

	if (!take_fixed(&s, 4, '-', &p.year) ||
	    !take_fixed(&s, 2, '-', &p.month) ||
	    !take_fixed(&s, 2, '\0', &p.day))
		return false;
	if (*s != 'T' && *s != 't' && *s != ' ')
		return false;
	s++;
	if (!take_fixed(&s, 2, ':', &p.hour) ||
	    !take_fixed(&s, 2, ':', &p.minute) ||
	    !take_fixed(&s, 2, '\0', &p.second))
		return false;
	if (*s == '.') {
		s++;
		if (!take_fraction(&s, &p.microsecond))
			return false;
	}
	if (!take_offset(s, &offset))
		return false;
	if (p.year < 1 || p.month < 1 || p.month > 12 || p.day < 1 ||
	    p.day > days_in_month(p.year, p.month) || p.hour > 23 ||
	    p.minute > 59 || p.second > 59)
		return false;
	*out = when_plus(when_join(&p), -(int64_t)offset);
	return true;
}

char *when_text(struct when w, char out[WHEN_TEXT_MAX])
{
	struct when_parts p = when_split(w);
	char *s = put_digits(out, (uint64_t)p.year, 4);

	*s++ = '-';
	s = put_digits(s, (uint64_t)p.month, 2);
	*s++ = '-';
	s = put_digits(s, (uint64_t)p.day, 2);
	*s++ = 'T';
	s = put_digits(s, (uint64_t)p.hour, 2);
	*s++ = ':';
	s = put_digits(s, (uint64_t)p.minute, 2);
	*s++ = ':';
	s = put_digits(s, (uint64_t)p.second, 2);
	if (p.microsecond) {
		*s++ = '.';
		s = put_digits(s, (uint64_t)p.microsecond, 6);
	}
	*s++ = 'Z';
	*s = '\0';
	return out;
}
