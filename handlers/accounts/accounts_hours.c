/* Opening hours: a few spans a week, kept as canonical JSON. */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

static bool is_time(const char *s)
{
	return strlen(s) == 5 && s[2] == ':' && s[0] >= '0' && s[0] <= '2' &&
	       s[1] >= '0' && s[1] <= '9' && s[3] >= '0' && s[3] <= '5' &&
	       s[4] >= '0' && s[4] <= '9' && strcmp(s, "24:00") <= 0;
}

static enum rc check(struct ctx *c, const struct opening *o, size_t i)
{
	const char *path = arena_fmt(c->arena, "opening_hours[%zu]", i);
	enum rc rc = RC_OK;

	if (!is_time(o->opens))
		rc = fail_field(c, arena_fmt(c->arena, "%s.opens", path),
		                "bad_time", "Times are 08:30 or 24:00");
	if (!is_time(o->closes))
		rc = fail_field(c, arena_fmt(c->arena, "%s.closes", path),
		                "bad_time", "Times are 08:30 or 24:00");
	if (!rc && strcmp(o->opens, o->closes) >= 0)
		rc = fail_field(c, arena_fmt(c->arena, "%s.closes", path),
		                "too_early", "It closes before it opens");
	return rc;
}

enum rc hours_text(struct ctx *c, const struct opening *all, size_t n,
                   struct json_text *out)
{
	json_t *list = json_array();
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n; i++) {
		if (check(c, &all[i], i))
			rc = RC_INVALID;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "day",
		                                      all[i].day, "opens",
		                                      all[i].opens, "closes",
		                                      all[i].closes));
	}
	out->s = json_given(c, list);
	return rc;
}
