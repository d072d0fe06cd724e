/* Rows of message, notification and notification_setting. */
#ifndef MERKATO_NOTIFICATIONS_DB_H
#define MERKATO_NOTIFICATIONS_DB_H

#include "db/query.h"

struct message_row {
	struct id id, event_id;
	const char *topic, *channel, *recipient, *recipient_name;
	const char *title, *body_text, *body_html;
	int attempts;
	struct when due_at, created_at;
};
extern const struct shape message_row_shape;

struct notification_row {
	struct id id, event_id, user_id;
	const char *topic;
	struct id subject_id;
	const char *title;
	struct when created_at, read_at;
};
extern const struct shape notification_row_shape;

struct notification_setting {
	bool mail_orders, mail_store, mail_watches;
	uint64_t given;
};
extern const struct shape notification_setting_shape;

/* *is_new false: this event has told them before. */
CHECKED enum rc notifications_db_add_message(struct ctx *c,
                                             const struct message_row *m,
                                             bool *is_new);
CHECKED enum rc notifications_db_add_notice(struct ctx *c,
                                            const struct notification_row *n);
/* Up to max messages that are due, kept from others for lease_s seconds. */
CHECKED enum rc notifications_db_lease(struct ctx *c, int max, int lease_s,
                                       struct message_row **out, size_t *n);
CHECKED enum rc notifications_db_sent(struct ctx *c, struct id message);
/* Again at due; dead when due is 0. */
CHECKED enum rc notifications_db_failed(struct ctx *c, struct id message,
                                        struct when due, const char *why);

CHECKED enum rc notifications_db_page(struct ctx *c, struct id user,
                                      bool unread_only, const struct page *page,
                                      struct notification_row **rows, size_t *n,
                                      struct page_info *info);
/* RC_NOT_FOUND when it is not the user's. */
CHECKED enum rc notifications_db_read(struct ctx *c, struct id user,
                                      struct id notification,
                                      struct notification_row *out);
/* Everything on where there is no row. */
CHECKED enum rc notifications_db_setting(struct ctx *c, struct id user,
                                         struct notification_setting *out);
CHECKED enum rc notifications_db_set(struct ctx *c, struct id user,
                                     const struct notification_setting *s);

#endif
