/* What admins do about cases and rules. */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

#include <string.h>

static enum rc decide(struct ctx *c, struct id id, const char *status,
                      const char *reason)
{
	int64_t changed = 0;
	enum rc rc = security_db_case_decide(c, id, status, reason, &changed);

	if (!rc && !changed)
		rc = fail(c, RC_CONFLICT, "decided",
		          "The case is not open any longer");
	if (!rc)
		rc = audit_add(
			c, "case.decided", "case", id, "{\"status\":\"open\"}",
			json_given(c, json_pack("{s:s}", "status", status)),
			reason);
	return rc;
}

enum rc case_decide(struct ctx *c, struct id id, const char *status,
                    const char *reason, struct case_row *out)
{
	enum rc rc = security_db_case_get(c, id, out);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, decide(c, id, status, reason));
	return rc ? rc : security_db_case_get(c, id, out);
}

static enum rc read_actions(struct ctx *c, const struct rule_in *in,
                            int64_t *out)
{
	int64_t bits = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < in->n_actions; i++) {
		int at = 0;

		while (rule_action_names[at] &&
		       strcmp(rule_action_names[at], in->actions[i]) != 0)
			at++;
		if (!rule_action_names[at])
			rc = fail_field(c,
			                arena_fmt(c->arena, "actions[%zu]", i),
			                "unknown", "There is no \"%s\"",
			                in->actions[i]);
		else
			bits |= 1 << at;
	}
	if (!rc)
		*out = bits;
	return rc;
}

static const char *rule_text(struct ctx *c, const struct rule_row *r)
{
	return json_given(c, json_pack("{s:I, s:I, s:I, s:b}", "threshold",
	                               (json_int_t)r->threshold, "window_s",
	                               (json_int_t)r->window_s, "actions",
	                               (json_int_t)r->actions, "is_enabled",
	                               r->is_enabled));
}

static enum rc apply(struct ctx *c, const struct rule_in *in,
                     struct rule_row *r)
{
	const struct shape *s = &rule_in_shape;

	if (shape_given(s, in, "threshold"))
		r->threshold = in->threshold;
	if (shape_given(s, in, "window_s"))
		r->window_s = in->window_s;
	if (shape_given(s, in, "is_enabled"))
		r->is_enabled = in->is_enabled;
	return shape_given(s, in, "actions") ? read_actions(c, in, &r->actions)
	                                     : RC_OK;
}

static enum rc change(struct ctx *c, const char *name, const struct rule_in *in,
                      struct rule_row *r)
{
	int64_t changed = 0;
	enum rc rc = security_db_rule_get(c, name, r);
	const char *before = rc ? NULL : rule_text(c, r);

	if (!rc)
		rc = apply(c, in, r);
	if (!rc)
		rc = security_db_rule_set(c, r, &changed);
	if (!rc)
		rc = audit_add(c, "rule.changed", "rule", (struct id){ { 0 } },
		               before, rule_text(c, r), name);
	return rc ? rc : security_db_rule_get(c, name, r);
}

enum rc rule_change(struct ctx *c, const char *name, const struct rule_in *in,
                    struct rule_row *out)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, change(c, name, in, out));
}
