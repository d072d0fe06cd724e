#include "config.h"

#include "tests/support/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "db/cache.h"
#include "db/mysql.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/accounts/accounts_inside.h"
#include "handlers/jobs.h"
#include "handlers/start.h"

bool people_start(void)
{
	char dir[500];
	const char *top = getenv("top_srcdir");

	setenv("MERKATO_SECRET", "5f1d0c8b7a3e92446d10fae7b3c85920e41f6a7d", 1);
	setenv("MERKATO_PASSWORD_ROUNDS", "1000", 1);
	setenv("MERKATO_LIMIT_REGISTER", "0", 1);
	setenv("MERKATO_LIMIT_AUTH", "0", 1);
	setenv("MERKATO_LIMIT_READ", "0", 1);
	setenv("MERKATO_LIMIT_WRITE", "0", 1);
	setenv("MERKATO_LOG_LEVEL", "error", 1);
	snprintf(dir, sizeof dir, "%s/templates", top ? top : ".");
	setenv("MERKATO_TEMPLATE_DIR", dir, 1);
	if (getenv("WITH_DB_DIR")) {
		snprintf(dir, sizeof dir, "%s/files", getenv("WITH_DB_DIR"));
		mkdir(dir, 0700);
		setenv("MERKATO_DATA_DIR", dir, 1);
		setenv("MERKATO_TEMP_DIR", dir, 1);
	}
	if (!database_start() || !start_rooms())
		return false;
	start_process();
	return true;
}

void people_after(void)
{
	database_empty();
	cache_flush(tc);
}

static const char *bearer_of(struct id user, const char **refresh,
                             struct id *session)
{
	struct user_row u = { 0 };
	struct signed_in_tokens t = { 0 };

	NEED_RC(accounts_db_user_get(tc, user, &u), RC_OK, "user");
	NEED_RC(session_open(tc, &u, "login", session, refresh), RC_OK,
	        "session");
	NEED_RC(session_tokens(tc, &u, *session, *refresh, &t), RC_OK,
	        "tokens");
	return arena_fmt(tc->arena, "Authorization: Bearer %s", t.access);
}

const char *a_bearer(struct id user)
{
	const char *refresh = NULL;
	struct id session = { { 0 } };

	return bearer_of(user, &refresh, &session);
}

static struct person *new_person(unsigned roles, unsigned permissions)
{
	static int n;
	struct person *p = arena_new(tc->arena, struct person);
	struct account_new in = { .name = "Abebe Bikila",
		                  .password = PEOPLE_PASSWORD,
		                  .roles = roles,
		                  .permissions = permissions,
		                  .is_verified = true };

	p->email = in.email = arena_fmt(tc->arena, "person%d@example.com", ++n);
	NEED_RC(accounts_create_user(tc, &in, &p->id), RC_OK, "a person");
	return p;
}

static const struct person *sign_in(struct person *p)
{
	p->bearer = bearer_of(p->id, &p->refresh, &p->session);
	return p;
}

const struct person *a_person(unsigned roles, unsigned permissions)
{
	return sign_in(new_person(roles, permissions));
}

const struct person *a_customer(void)
{
	return a_person(ROLE_CUSTOMER, 0);
}

const struct person *an_admin(unsigned permissions)
{
	return a_person(permissions ? ROLE_ADMIN : ROLE_SUPER, permissions);
}

const struct person *an_owner(void)
{
	struct person *p = new_person(ROLE_CUSTOMER | ROLE_VENDOR, 0);
	struct vendor_new in = { .owner = p->id,
		                 .name = arena_fmt(tc->arena, "Store of %.8s",
		                                   p->email),
		                 .status = "approved",
		                 .city = "Addis Ababa",
		                 .lat = 9.03,
		                 .lng = 38.74 };
	struct vendor_brief brief = { 0 };

	NEED_RC(accounts_create_vendor(tc, &in, &p->vendor), RC_OK, "a store");
	NEED_RC(accounts_vendor_get(tc, p->vendor, &brief), RC_OK, "brief");
	p->slug = brief.slug;
	dispatch_flush_touches(tc);
	return sign_in(p);
}

const struct person *a_staff(const struct person *owner, unsigned permissions)
{
	struct person *p = new_person(ROLE_STAFF, 0);

	NEED_RC(accounts_create_staff(tc, owner->vendor, p->id, permissions),
	        RC_OK, "staff");
	p->vendor = owner->vendor;
	return sign_in(p);
}

const char *uri_of(const char *fmt, struct id id)
{
	char text[ID_TEXT_MAX];
	size_t n = strcspn(fmt, "$");

	return arena_fmt(tc->arena, "%.*s%s%s", (int)n, fmt, id_text(id, text),
	                 fmt + n + 1);
}

int login_status(const char *email, const char *password)
{
	return OPEN_POST("/api/auth/login",
	                 BODY("{\"email\":\"%s\",\"password\":\"%s\"}", email,
	                      password))
	        ->status;
}

const struct answered *form_post(const char *uri, const char *body,
                                 const char *cookie)
{
	return request("POST", uri, body,
	               "Content-Type: application/x-www-form-urlencoded",
	               "Origin: http://localhost:8080",
	               "Sec-Fetch-Site: same-origin", cookie);
}

struct told_row {
	const char *payload;
};
static const struct field told_fields[] = {
	FIELD(told_row, payload),
	FIELDS_END,
};
static const struct shape told_shape = SHAPE(told_row, told_fields);

json_t *told(const char *topic)
{
	struct told_row row = { 0 };
	bool found = false;
	json_t *j = NULL;

	NEED_RC(sql_find(tc, &told_shape, &row, &found,
	                 "SELECT payload FROM outbox WHERE topic = ?"
	                 " ORDER BY id DESC LIMIT 1",
	                 A(topic)),
	        RC_OK, "outbox");
	if (!found)
		return NULL;
	NEED_RC(json_read(tc, row.payload, strlen(row.payload), &j), RC_OK,
	        "payload");
	return j;
}

static const struct field event_fields[] = {
	FIELD(outbox_event, id),         FIELD(outbox_event, topic),
	FIELD(outbox_event, subject),    FIELD(outbox_event, payload),
	FIELD(outbox_event, created_at), FIELDS_END,
};
static const struct shape event_shape = SHAPE(outbox_event, event_fields);

void work_off(const char *topic)
{
	struct outbox_event *all = NULL;
	size_t n = 0;

	NEED_RC(sql_list(tc, &event_shape, &all, &n,
	                 "SELECT id, topic, subject, payload, created_at"
	                 "  FROM outbox WHERE topic = ? ORDER BY id LIMIT 100",
	                 A(topic)),
	        RC_OK, "outbox");
	for (size_t i = 0; i < n; i++) {
		for (const struct consumer *k = consumers; k->topic; k++)
			if (strcmp(k->topic, topic) == 0)
				NEED_RC(k->handle(tc, &all[i]), RC_OK, topic);
		NEED_RC(outbox_done(tc, &all[i].id, 1), RC_OK, topic);
	}
}

int64_t n_told(const char *topic)
{
	int64_t n = -1;

	NEED_RC(sql_int(tc, &n, "SELECT COUNT(*) FROM outbox WHERE topic = ?",
	                A(topic)),
	        RC_OK, "outbox");
	return n;
}

const char *told_token(const char *topic)
{
	json_t *j = told(topic);
	const char *url =
		j ? json_string_value(json_object_get(j, "url")) : NULL;
	const char *at = url ? strstr(url, "token=") : NULL;

	NEED_TRUE(at != NULL, topic);
	return at ? at + 6 : "";
}

int64_t db_number(const char *text)
{
	MYSQL *m = NULL;
	int64_t n = INT64_MIN;

	NEED_RC(link_open_admin(tc, &m), RC_OK, "admin");
	bool ok = !mysql_query(m, text);
	MYSQL_RES *result = ok ? mysql_store_result(m) : NULL;
	MYSQL_ROW row = result ? mysql_fetch_row(result) : NULL;

	if (row && row[0])
		n = strtoll(row[0], NULL, 10);
	mysql_free_result(result);
	mysql_close(m);
	NEED_TRUE(ok, text);
	return n;
}
