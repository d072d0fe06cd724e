#include "config.h"

#include "handlers/notifications/notifications_inside.h"

static const struct field query_fields[] = {
	FIELD(notification_query, unread, .help = "Only what is not read yet"),
	FIELDS_END,
};
static const struct shape query_shape = SHAPE(notification_query, query_fields);

static const char *const orderings[] = { "-created_at", NULL };

const struct route notifications_routes[] = {
	{ "GET", "/api/notifications", notifications_list_get, .who = ROLE_USER,
	  .permission = 0, .limit = LIMIT_READ, .query = &query_shape,
	  .reply = &notification_row_shape, .list = true,
	  .orderings = orderings, .summary = "What I was told" },
	{ "POST", "/api/notifications/{id}/read", notifications_read_post,
	  .who = ROLE_USER, .limit = LIMIT_WRITE,
	  .reply = &notification_row_shape, .summary = "I have read this" },
	{ "GET", "/api/users/me/notification-settings",
	  notifications_setting_get, .who = ROLE_USER, .limit = LIMIT_READ,
	  .reply = &notification_setting_shape,
	  .summary = "Which mails I get" },
	{ "PATCH", "/api/users/me/notification-settings",
	  notifications_setting_patch, .who = ROLE_USER, .limit = LIMIT_WRITE,
	  .body = &notification_setting_shape,
	  .reply = &notification_setting_shape,
	  .summary = "Turn mails on or off; those on security always come" },
	{ 0 },
};
