/*
 * A shop in process for tests: all routes over a migrated database, and people
 * in it who are signed in. As hooks of CHECK_MAIN_WITH: people_start,
 * database_stop, NULL, people_after. What a test wrote is gone after it.
 *
 *	const struct person *p = a_customer();
 *	const struct answered *a = request("GET", "/api/users/me", NULL,
 *	                                   p->bearer);
 */
#ifndef MERKATO_PEOPLE_H
#define MERKATO_PEOPLE_H

#include "handlers/accounts/accounts.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/inproc.h"

#define PEOPLE_PASSWORD "Tall giraffes eat late"

struct person {
	struct id id;
	const char *email;
	const char *bearer;  /* "Authorization: Bearer …" */
	const char *refresh; /* token */
	struct id session;
	struct id vendor; /* of owners and staff */
	const char *slug; /* of owners */
};

/* Requests as a person, or nobody. */
#define BODY(...) arena_fmt(tc->arena, __VA_ARGS__)
#define GET(uri, p) request("GET", uri, NULL, (p)->bearer)
#define POST(uri, body, p) request("POST", uri, body, (p)->bearer)
#define PATCH(uri, body, p) request("PATCH", uri, body, (p)->bearer)
#define DELETE(uri, p) request("DELETE", uri, NULL, (p)->bearer)
#define OPEN_POST(uri, body) request("POST", uri, body)
/* "/api/things/$" with an id for the $. */
const char *uri_of(const char *fmt, struct id id);
/* The status of a login. */
int login_status(const char *email, const char *password);
/* A form as a browser sends it. cookie may be NULL. */
const struct answered *form_post(const char *uri, const char *body,
                                 const char *cookie);

bool people_start(void);
void people_after(void);

/* Verified, with this role and these permissions, signed in now. */
const struct person *a_person(unsigned roles, unsigned permissions);
const struct person *a_customer(void);
/* With an approved store in Addis Ababa. */
const struct person *an_owner(void);
const struct person *a_staff(const struct person *owner, unsigned permissions);
/* ROLE_ADMIN with these permissions; 0 = a super admin. */
const struct person *an_admin(unsigned permissions);
/* The same person signed in anew. */
const char *a_bearer(struct id user);

/* What the job runner would do now about all events of a topic that consumers
 * name in full. */
void work_off(const char *topic);
/* The payload of the newest outbox event of a topic; NULL = none. */
json_t *told(const char *topic);
/* How many there are. */
int64_t n_told(const char *topic);
/* The token of the link in it. */
const char *told_token(const char *topic);
/* A number from a statement of tests. */
int64_t db_number(const char *text);

#endif
