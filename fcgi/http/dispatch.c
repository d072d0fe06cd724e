#include "config.h"

#include "fcgi/http/dispatch.h"

#include <string.h>
#include <unistd.h>

#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/limit.h"
#include "fcgi/http/reply.h"

/* Tests may run without anything behind. */
static const struct dispatch_backend no_backend;
const struct dispatch_backend *gate_backend = &no_backend;

void dispatch_use(const struct dispatch_backend *b)
{
	gate_backend = b ? b : &no_backend;
}

static bool is_method(const struct req *r, const char *method)
{
	return !strcmp(r->method, method);
}

static bool is_get(const struct req *r)
{
	return !strcmp(r->route->method, "GET");
}

static bool is_form_surface(const struct req *r)
{
	return r->route->surface == SURFACE_CONSOLE ||
	       r->route->surface == SURFACE_PAGE;
}

/* The session's facts come with the answer and its tags in one round trip. */
static enum rc identify(struct req *r, struct answer_place *place)
{
	const struct dispatch_backend *back = gate_backend;
	struct cache_item facts = { 0 };
	struct token *token = NULL;
	enum rc rc = RC_OK;

	if (r->route->surface == SURFACE_CONSOLE)
		return gate_cookie(r);
	/* OAuth clients and pages prove themselves in their own ways. */
	if (r->route->surface == SURFACE_API ||
	    (r->route->surface == SURFACE_OAUTH &&
	     !(r->route->who & ROLE_ANYONE)))
		rc = gate_bearer(r, &token);
	if (rc)
		return rc;
	if (token && back->session_key)
		facts.key = back->session_key(&r->ctx, token);
	if (is_get(r) || facts.key)
		gate_answer_fetch(r, &facts, place);
	if (!token)
		return RC_OK;
	if (!back->identify)
		rc = RC_UNAUTHORIZED;
	else
		rc = back->identify(&r->ctx, token,
		                    facts.found ? facts.value : NULL, facts.n);
	if (rc == RC_UNAUTHORIZED && r->n_headers < REPLY_HEADERS_MAX)
		reply_header(r, "WWW-Authenticate",
		             "Bearer realm=\"merkato\", "
		             "error=\"invalid_token\"");
	return rc;
}

/* Per address first, so that guessing tokens is limited too; then per account.
 */
static enum rc let_in(struct req *r, struct answer_place *place)
{
	enum rc rc = limit_check(r, r->route->limit);

	if (!rc)
		rc = identify(r, place);
	if (!rc && !id_is_none(r->ctx.actor))
		rc = limit_check(r, r->route->limit);
	if (!rc)
		rc = gate_admit(r);
	if (!rc && is_form_surface(r) && !is_get(r))
		rc = gate_same_origin(r);
	return rc;
}

static enum rc read_input(struct req *r)
{
	enum rc rc = gate_body_bytes(r);

	if (!rc)
		rc = gate_query(r);
	if (!rc)
		rc = gate_body(r);
	return rc;
}

static enum rc work(struct req *r)
{
	enum rc rc = read_input(r);

	if (rc)
		return rc;
	rc = r->route->once || r->route->once_optional ? gate_once(r)
	                                               : gate_run(r);
	if (!rc && !r->status)
		rc = fail(&r->ctx, RC_INTERNAL, "no_answer",
		          "The handler made no answer");
	/* An unsure commit may have happened. */
	if (!rc || rc == RC_UNSURE)
		dispatch_flush_touches(&r->ctx);
	gate_forget_touches(&r->ctx);
	return rc;
}

static enum rc answer(struct req *r)
{
	struct answer_place place = { 0 };
	enum answer_state state = ANSWER_NONE;
	/* Read first, as the question names the answer; what is wrong with it
	 * is told to those only who may be here. */
	enum rc bad_query = gate_query_pairs(r);
	struct fault fault = r->ctx.err;

	fail_clear(&r->ctx);
	enum rc rc = let_in(r, &place);
	if (rc)
		return rc;
	if (bad_query) {
		r->ctx.err = fault;
		return bad_query;
	}
	if (place.key)
		state = gate_answer_decide(r, &place);
	if (state == ANSWER_HIT)
		return RC_OK;
	rc = work(r);
	if (!rc && (is_get(r) || r->etag) && r->status < 300 && r->send_fd < 0)
		gate_etag(r);
	if (state == ANSWER_BUILD) {
		if (rc)
			place.generations = NULL;
		gate_answer_keep(r, &place);
	}
	return rc;
}

static enum rc handle(struct req *r)
{
	enum rc rc = gate_path(r);

	gate_cors(r);
	if (!rc && is_method(r, "OPTIONS"))
		return gate_options(r);
	if (!rc)
		rc = route_match(r);
	if (!rc)
		rc = gate_host(r);
	if (rc)
		return rc;
	r->ctx.read_only = is_get(r);
	/* What is nobody else's business is read where it was written. */
	r->ctx.use_primary = !(r->route->who & ROLE_ANYONE);
	rc = answer(r);
	if (!rc && is_get(r))
		gate_not_modified(r);
	return rc;
}

/* A browser without a session is shown the door, not a fault. */
static bool to_login(struct req *r, enum rc rc)
{
	if (rc != RC_UNAUTHORIZED || !r->route ||
	    r->route->surface != SURFACE_CONSOLE)
		return false;
	r->n_headers = 0;
	return reply_redirect(r, "/console/login") == RC_OK;
}

/* Also where no route was found: somebody mistyped an address. */
static bool is_read_by_people(const struct req *r)
{
	if (r->route)
		return is_form_surface(r);
	return r->path && text_starts(r->path, "/console/");
}

static void refuse(struct req *r, enum rc rc)
{
	if (rc_status(rc) >= 500)
		log_error("request", "%s: %s %s", rc_name(rc),
		          r->ctx.err.code ? r->ctx.err.code : "-",
		          r->ctx.err.detail ? r->ctx.err.detail : "");
	if (r->send_fd >= 0)
		close(r->send_fd);
	r->send_fd = -1;
	if (to_login(r, rc))
		return;
	reply_fault(r, rc);
	if (gate_backend->fault_page && is_read_by_people(r))
		gate_backend->fault_page(r, rc);
}

static void record(struct req *r, int64_t began)
{
	char user[ID_TEXT_MAX] = "";
	int64_t us = when_ticks() - began;
	size_t number = r->route ? route_number(r->route) : routes_count();

	if (r->route)
		count_request(number, r->status, us);
	else
		count(COUNTER_REQUESTS_BAD);
	if (!id_is_none(r->ctx.actor))
		id_text(r->ctx.actor, user);
	log_access(&(struct log_access){
		.request_id = r->ctx.request_id,
		.method = r->method,
		.route = r->route ? r->route->path : "other",
		.address = r->ctx.address,
		.user = user,
		.status = r->status,
		.us = us,
		.bytes = (int64_t)r->out.n,
		.n_statements = r->ctx.n_statements,
	});
}

/* HEAD is not looking. What goes wrong here is no matter of the answer. */
static void note_seen(struct req *r)
{
	if (!r->route || !r->route->seen || strcmp(r->method, "GET") != 0)
		return;
	if (r->status != 200 && r->status != 304)
		return;
	fail_clear(&r->ctx);
	r->ctx.read_only = false;
	r->route->seen(r);
}

static void tell_noticed(struct req *r)
{
	if (!r->noticed || !gate_backend->notice || !limit_notice(r))
		return;
	fail_clear(&r->ctx);
	r->ctx.read_only = false;
	gate_backend->notice(r);
}

void dispatch(struct req *r)
{
	int64_t began = when_ticks();

	r->send_fd = -1;
	gate_origin(r);
	log_request(r->ctx.request_id);
	enum rc rc = handle(r);
	if (rc)
		refuse(r, rc);
	if (r->status == 204 || r->status == 304)
		r->type = NULL;
	gate_headers(r);
	record(r, began);
	note_seen(r);
	tell_noticed(r);
	if (gate_backend->reset)
		gate_backend->reset(&r->ctx);
	log_request(NULL);
}
