#include "config.h"

#include "db/notifications_db.h"

static const struct field message_fields[] = {
	FIELD(message_row, id),
	FIELD(message_row, event_id),
	FIELD(message_row, topic),
	FIELD(message_row, channel),
	FIELD(message_row, recipient),
	FIELD(message_row, recipient_name),
	FIELD(message_row, title),
	FIELD(message_row, body_text),
	FIELD(message_row, body_html),
	FIELD(message_row, attempts),
	FIELD(message_row, due_at),
	FIELD(message_row, created_at),
	FIELDS_END,
};
const struct shape message_row_shape = SHAPE(message_row, message_fields);

static const struct field notification_fields[] = {
	FIELD(notification_row, id),
	FIELD(notification_row, event_id, .flags = PRIVATE),
	FIELD(notification_row, user_id, .flags = PRIVATE),
	FIELD(notification_row, topic,
	      .help = "order.shipped, product.approved …"),
	FIELD(notification_row, subject_id, .help = "What it is about"),
	FIELD(notification_row, title),
	FIELD(notification_row, created_at),
	FIELD(notification_row, read_at),
	FIELDS_END,
};
const struct shape notification_row_shape = {
	.name = "notification",
	.size = sizeof(struct notification_row),
	.fields = notification_fields,
};

static const struct field setting_fields[] = {
	FIELD(notification_setting, mail_orders,
	      .help = "Mails about orders, shipments and returns"),
	FIELD(notification_setting, mail_store,
	      .help = "Mails to a store about its products and sales"),
	FIELD(notification_setting, mail_watches,
	      .help = "Mails about watched products"),
	FIELDS_END,
};
const struct shape notification_setting_shape =
	SHAPE_PATCH(notification_setting, setting_fields);

enum rc notifications_db_add_message(struct ctx *c, const struct message_row *m,
                                     bool *is_new)
{
	enum rc rc = sql_insert(c, "message", &message_row_shape, m);

	*is_new = rc == RC_OK;
	if (rc != RC_CONFLICT)
		return rc;
	fail_clear(c);
	return RC_OK;
}

enum rc notifications_db_add_notice(struct ctx *c,
                                    const struct notification_row *n)
{
	enum rc rc = sql_insert(c, "notification", &notification_row_shape, n);

	if (rc != RC_CONFLICT)
		return rc;
	fail_clear(c);
	return RC_OK;
}

static enum rc push_back(struct ctx *c, const struct message_row *rows,
                         size_t n, int lease_s)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, "UPDATE message SET due_at = ? WHERE id IN ",
	          A(when_plus(c->now, lease_s)));
	query_ids_of(&q, rows, n, sizeof(*rows),
	             offsetof(struct message_row, id));
	return query_run(&q, NULL);
}

enum rc notifications_db_lease(struct ctx *c, int max, int lease_s,
                               struct message_row **out, size_t *n)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_list(c, &message_row_shape, out, n,
	              "SELECT id, event_id, topic, channel, recipient,"
	              "       recipient_name, title, body_text, body_html,"
	              "       attempts, due_at, created_at"
	              "  FROM message"
	              " WHERE status = 'waiting' AND due_at <= ?"
	              " ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED",
	              A(c->now), A(max));
	if (!rc && *n)
		rc = push_back(c, *out, *n, lease_s);
	return sql_end(c, rc);
}

enum rc notifications_db_sent(struct ctx *c, struct id message)
{
	return sql_run(c,
	               "UPDATE message SET status = 'sent', sent_at = ?,"
	               "       attempts = attempts + 1, last_error = NULL,"
	               "       body_text = NULL, body_html = NULL"
	               " WHERE id = ?",
	               A(c->now), A(message));
}

enum rc notifications_db_failed(struct ctx *c, struct id message,
                                struct when due, const char *why)
{
	if (due.us)
		return sql_run(c,
		               "UPDATE message SET due_at = ?, last_error = ?,"
		               "       attempts = attempts + 1"
		               " WHERE id = ? AND status = 'waiting'",
		               A(due), A(why), A(message));
	return sql_run(c,
	               "UPDATE message SET status = 'dead', last_error = ?,"
	               "       attempts = attempts + 1, body_text = NULL,"
	               "       body_html = NULL"
	               " WHERE id = ? AND status = 'waiting'",
	               A(why), A(message));
}

enum rc notifications_db_page(struct ctx *c, struct id user, bool unread_only,
                              const struct page *page,
                              struct notification_row **rows, size_t *n,
                              struct page_info *info)
{
	static const struct sort sorts[] = {
		{ .name = "created_at", .column = "created_at" },
		{ 0 },
	};
	struct query q;

	query_init(&q, c);
	query_add(&q,
	          "SELECT id, event_id, user_id, topic, subject_id, title,"
	          "       created_at, read_at"
	          "  FROM notification WHERE user_id = ?",
	          A(user));
	if (unread_only)
		query_add(&q, " AND read_at IS NULL");
	return query_page(&q, &notification_row_shape, sorts, "id", page, rows,
	                  n, info);
}

enum rc notifications_db_read(struct ctx *c, struct id user,
                              struct id notification,
                              struct notification_row *out)
{
	enum rc rc = sql_run(c,
	                     "UPDATE notification SET read_at = ?"
	                     " WHERE id = ? AND user_id = ?"
	                     "   AND read_at IS NULL",
	                     A(c->now), A(notification), A(user));

	if (rc)
		return rc;
	return sql_get(c, &notification_row_shape, out,
	               "SELECT id, event_id, user_id, topic, subject_id, title,"
	               "       created_at, read_at"
	               "  FROM notification WHERE id = ? AND user_id = ?",
	               A(notification), A(user));
}

enum rc notifications_db_setting(struct ctx *c, struct id user,
                                 struct notification_setting *out)
{
	bool found;
	struct notification_setting s = { .mail_orders = true,
		                          .mail_store = true,
		                          .mail_watches = true };
	enum rc rc = sql_find(c, &notification_setting_shape, &s, &found,
	                      "SELECT mail_orders, mail_store, mail_watches"
	                      "  FROM notification_setting WHERE user_id = ?",
	                      A(user));

	if (!rc)
		*out = s;
	return rc;
}

enum rc notifications_db_set(struct ctx *c, struct id user,
                             const struct notification_setting *s)
{
	return sql_run(c,
	               "INSERT INTO notification_setting"
	               " (user_id, mail_orders, mail_store, mail_watches,"
	               "  updated_at) VALUES (?, ?, ?, ?, ?)"
	               " ON DUPLICATE KEY UPDATE"
	               " mail_orders = VALUES(mail_orders),"
	               " mail_store = VALUES(mail_store),"
	               " mail_watches = VALUES(mail_watches),"
	               " updated_at = VALUES(updated_at)",
	               A(user), A(s->mail_orders), A(s->mail_store),
	               A(s->mail_watches), A(c->now));
}
