#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/html.h"
#include "handlers/accounts/accounts.h"
#include "handlers/notifications/notifications_inside.h"

enum { LEASE_S = 300, TITLE_MAX = 200 };

enum wish { WISH_NONE, WISH_ORDERS, WISH_STORE, WISH_WATCHES };

/* Who is meant, by the beginning of the topic; the first that fits. */
static const struct audience {
	const char *prefix;
	bool is_store; /* the store before the person */
	enum wish wish;
} audiences[] = {
	{ "account.", false, WISH_NONE },
	{ "staff.", false, WISH_NONE },
	{ "vendor.", true, WISH_NONE },
	{ "product.price_below", false, WISH_WATCHES },
	{ "product.back_in_stock", false, WISH_WATCHES },
	{ "product.", true, WISH_STORE },
	{ "variant.", true, WISH_STORE },
	{ "vendor_order.", true, WISH_STORE },
	{ "payout.", true, WISH_STORE },
	{ "", false, WISH_ORDERS },
};

struct recipient {
	const char *email, *name, *locale;
	struct id user; /* none = only an address */
};

static const char *text_of(const json_t *payload, const char *name)
{
	return json_string_value(json_object_get(payload, name));
}

static bool id_of(const json_t *payload, const char *name, struct id *out)
{
	const char *text = text_of(payload, name);

	return text && id_parse(text, out);
}

static enum rc find_user(struct ctx *c, struct id user, struct recipient *to)
{
	struct user_brief u;
	enum rc rc = accounts_user_get(c, user, &u);

	if (!rc)
		*to = (struct recipient){ u.email, u.name, u.locale, u.id };
	return rc;
}

/* *to stays empty when nobody is meant or they are gone. */
static enum rc find_recipient(struct ctx *c, const struct outbox_event *e,
                              const struct audience *a, const json_t *payload,
                              struct recipient *to)
{
	struct vendor_brief v;
	struct id id;
	enum rc rc = RC_OK;

	if (text_of(payload, "email")) {
		*to = (struct recipient){ text_of(payload, "email"),
			                  text_of(payload, "name"),
			                  text_of(payload, "locale"),
			                  { { 0 } } };
		if (!id_of(payload, "user_id", &to->user) &&
		    text_starts(e->topic, "account."))
			to->user = e->subject;
		return RC_OK;
	}
	bool has_vendor = id_of(payload, "vendor_id", &id);
	if (has_vendor && a->is_store) {
		rc = accounts_vendor_get(c, id, &v);
		if (!rc)
			rc = find_user(c, v.owner_id, to);
	} else if (id_of(payload, "user_id", &id) ||
	           id_of(payload, "customer_id", &id)) {
		rc = find_user(c, id, to);
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	fail_clear(c);
	return RC_OK;
}

static enum rc wants_mail(struct ctx *c, enum wish wish, struct id user,
                          bool *wants)
{
	struct notification_setting s;

	*wants = true;
	if (wish == WISH_NONE || id_is_none(user))
		return RC_OK;
	enum rc rc = notifications_db_setting(c, user, &s);
	if (!rc)
		*wants = wish == WISH_ORDERS  ? s.mail_orders
		         : wish == WISH_STORE ? s.mail_store
		                              : s.mail_watches;
	return rc;
}

/* In the recipient's language where there is one, else in English. */
static const char *template_of(struct ctx *c, const char *locale,
                               const char *topic, const char *ending)
{
	const char *own = arena_fmt(c->arena, "mail/%s/%s.%s",
	                            locale ? locale : "en", topic, ending);

	return html_has(own) ? own
	                     : arena_fmt(c->arena, "mail/%s.%s", topic, ending);
}

/* The first line is "Subject: …", an empty one follows. */
static enum rc cut_subject(struct ctx *c, const char *text,
                           struct message_row *m)
{
	const char *end = strchr(text, '\n');

	if (!text_starts(text, "Subject: ") || !end)
		return fail(c, RC_INTERNAL, "bad_template",
		            "%s: the first line is not a subject", m->topic);
	text += strlen("Subject: ");
	char *title = text_clean(c->arena, text, (size_t)(end - text), false);
	m->title = text_cut(c->arena, title ? title : "Merkato", TITLE_MAX);
	m->body_text = end + 1 + strspn(end + 1, "\n");
	return RC_OK;
}

static enum rc write_html(struct ctx *c, const char *name, json_t *data,
                          struct message_row *m)
{
	struct buf content, page;

	if (!html_has(name))
		return RC_OK;
	buf_init(&content, c->arena, 4096);
	enum rc rc = html_render(c, name, data, &content);
	if (rc)
		return rc;
	json_object_set_new(data, "title", json_string(m->title));
	json_object_set_new(data, "content",
	                    json_stringn(content.s, content.n));
	buf_init(&page, c->arena, 8192);
	rc = html_render(c, "mail/layout.html", data, &page);
	m->body_html = page.s;
	return rc;
}

static enum rc write_message(struct ctx *c, const struct recipient *to,
                             json_t *data, struct message_row *m)
{
	const char *topic = m->topic;
	struct buf text;

	json_object_set_new(data, "to_name",
	                    json_string(to->name ? to->name : ""));
	json_object_set_new(data, "base_url", json_string(settings->base_url));
	buf_init(&text, c->arena, 2048);
	enum rc rc = html_render(c, template_of(c, to->locale, topic, "txt"),
	                         data, &text);
	if (!rc)
		rc = cut_subject(c, text.s, m);
	if (!rc)
		rc = write_html(c, template_of(c, to->locale, topic, "html"),
		                data, m);
	return rc;
}

static enum rc tell(struct ctx *c, const struct outbox_event *e,
                    const struct audience *a, const struct recipient *to,
                    json_t *data)
{
	struct message_row m = { .id = id_new(),
		                 .event_id = e->id,
		                 .topic = e->topic,
		                 .channel = "mail",
		                 .recipient = to->email,
		                 .recipient_name = to->name,
		                 .due_at = when_plus(c->now, LEASE_S),
		                 .created_at = c->now };
	bool wants = false, is_new = false;
	enum rc rc = write_message(c, to, data, &m);

	if (!rc && a->wish != WISH_NONE && !id_is_none(to->user)) {
		struct notification_row n = { .id = id_new(),
			                      .event_id = e->id,
			                      .user_id = to->user,
			                      .topic = e->topic,
			                      .subject_id = e->subject,
			                      .title = m.title,
			                      .created_at = c->now };

		rc = notifications_db_add_notice(c, &n);
	}
	if (!rc)
		rc = wants_mail(c, a->wish, to->user, &wants);
	if (!rc && wants)
		rc = notifications_db_add_message(c, &m, &is_new);
	/* The row is there: if this process ends now, the job sends it. */
	return rc || !is_new ? rc : message_send(c, &m);
}

static void drop(void *p)
{
	json_decref(p);
}

enum rc notifications_consume(struct ctx *c, const struct outbox_event *e)
{
	const struct audience *a = audiences;
	struct recipient to = { 0 };
	json_t *payload;

	if (!html_has(arena_fmt(c->arena, "mail/%s.txt", e->topic)))
		return RC_OK;
	while (!text_starts(e->topic, a->prefix))
		a++;
	enum rc rc = json_read(c, e->payload, strlen(e->payload), &payload);
	if (!rc)
		rc = find_recipient(c, e, a, payload, &to);
	if (rc || !to.email)
		return rc;
	json_t *data = json_copy(payload);
	arena_defer(c->arena, drop, data);
	return tell(c, e, a, &to, data);
}
