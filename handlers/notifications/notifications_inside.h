/* Between the files of notifications. */
#ifndef MERKATO_NOTIFICATIONS_INSIDE_H
#define MERKATO_NOTIFICATIONS_INSIDE_H

#include "db/notifications_db.h"
#include "handlers/notifications/notifications.h"

/* Hands one message over and notes what came of it. */
CHECKED enum rc message_send(struct ctx *c, const struct message_row *m);

enum rc notifications_list_get(struct req *r);
enum rc notifications_read_post(struct req *r);
enum rc notifications_setting_get(struct req *r);
enum rc notifications_setting_patch(struct req *r);

struct notification_query {
	bool unread;
};

#endif
