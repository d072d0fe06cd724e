/*
 * Tests through the front door: requests to a running stack by libcurl. The
 * stack is told by var/dev.json, which MERKATO_DEV_JSON names. What is returned
 * lives in the running test's arena. A stack that is not there skips the
 * program; one that does not answer fails the test and leaves it.
 *
 *	const struct api_answer *a = api_post("/api/cart/items", body, token);
 *
 *	CHECK_API(a, 201, "the item is added");
 *	CHECK_TEXT(at_text(a, "items[0].price"), "12.00", "its price");
 *
 *	CHECK_MAIN_WITH("carts", &api_hooks, TEST(…))
 */
#ifndef MERKATO_API_H
#define MERKATO_API_H

#include "fcgi/base/json.h"
#include "tests/support/check.h"

/* Text in the test's arena. */
#define FMT(...) arena_fmt(tc->arena, __VA_ARGS__)

struct api_answer {
	int status; /* 0 = the connection ended without an answer */
	const char *body;
	size_t n;
	json_t *json;        /* NULL = no JSON */
	const char *headers; /* lines, as they came */
	const char *what;    /* "GET /api/products", for messages */
};

/* Start and end of every program that uses this file. */
extern const struct check_hooks api_hooks;
/* The same for programs that have hooks of their own. */
bool api_start(void);
void api_stop(void);

/* path begins with / or is an absolute URL; body NULL = none; token NULL =
 * nobody. */
const struct api_answer *api_get(const char *path, const char *token);
const struct api_answer *api_post(const char *path, const char *body,
                                  const char *token);
const struct api_answer *api_patch(const char *path, const char *body,
                                   const char *token);
const struct api_answer *api_put(const char *path, const char *body,
                                 const char *token);
const struct api_answer *api_delete(const char *path, const char *token);

/* All that a request may have. */
struct api_call {
	const char *method, *path;
	const char *body; /* sent as JSON unless type is given */
	size_t n_body;    /* 0 = strlen(body) */
	const char *type;
	const char *token;
	const char *idempotency_key; /* "new" = a new one */
	const char *const *headers;  /* "Name: value", NULL-terminated */
	bool follow;                 /* redirects, with cookies kept */
};
const struct api_answer *api_call(const struct api_call *call);
/* n requests at once, each on a connection of its own. */
void api_together(const struct api_call *calls, size_t n,
                  const struct api_answer **out);
/* A file in a multipart form, with text fields "name=value" before it. */
/* NOLINTNEXTLINE(readability-function-size): each is a part of the form */
const struct api_answer *api_upload(const char *path, const char *field,
                                    const char *file_name, const char *type,
                                    const void *bytes, size_t n,
                                    const char *const *fields,
                                    const char *token);
/* Bytes as they are, on a connection of its own; reads to its end. Several
 * pieces are sent one after the other. */
const struct api_answer *api_raw(const void *bytes, size_t n);

/* The status; a failure shows the body. */
#define CHECK_API(a, want, what) CHECK_(api_check((a), (want), (what)), false)
#define NEED_API(a, want, what) CHECK_(api_check((a), (want), (what)), true)
/* A problem of that status and code. */
#define CHECK_PROBLEM(a, want, code, what) \
	CHECK_(api_check_problem((a), (want), (code), (what)), false)
bool api_check(const struct api_answer *a, int want, const char *what);
bool api_check_problem(const struct api_answer *a, int want, const char *code,
                       const char *what);

/* The first header of that name, any case; NULL = none. */
const char *api_header(const struct api_answer *a, const char *name);

/* What is at "results[0].vendor.id" in an answer; NULL, INT_NONE, false or 0
 * where there is nothing. A negative index counts from the end. */
json_t *at(const struct api_answer *a, const char *path);
json_t *json_at(json_t *j, const char *path);
const char *at_text(const struct api_answer *a, const char *path);
int64_t at_int(const struct api_answer *a, const char *path);
bool at_true(const struct api_answer *a, const char *path);
size_t at_count(const struct api_answer *a, const char *path);
/* The index in the list at path of the object whose member is value; -1. */
int at_find(const struct api_answer *a, const char *path, const char *member,
            const char *value);

/* A text of dev.json: "base_url", "accounts.admin.email". */
const char *dev_text(const char *path);
int64_t dev_int(const char *path);

/* The access token of one of dev.json's people: "customer". One login for each
 * program and ten minutes. */
const char *token_of(const char *who);
/* Signs in; the whole answer. */
const struct api_answer *api_login(const char *email, const char *password);
/* Text that nobody has used: "word-018f…". */
const char *unique(const char *word);

#endif
