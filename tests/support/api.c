#include "config.h"

#include "tests/support/api.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "tests/support/api_stack.h"

enum { TIMEOUT_S = 60, TOKEN_LIFE_S = 600, N_PEOPLE = 16 };

/* One program talks to one stack; tokens are kept while it runs. */
static struct {
	CURL *curl;
	struct {
		char who[32];
		char *token;
		int64_t until_us;
	} people[N_PEOPLE];
	FILE *record;
} state;

/* A request under way. */
struct exchange {
	CURL *curl;
	struct curl_slist *lines;
	struct buf body, headers;
	struct api_answer *answer;
	const char *method, *path;
};

bool api_start(void)
{
	const char *record = getenv("API_RECORD");

	stack_read();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	state.curl = curl_easy_init();
	if (record)
		state.record = fopen(record, "ae");
	return state.curl != NULL;
}

void api_stop(void)
{
	for (size_t i = 0; i < N_PEOPLE; i++)
		free(state.people[i].token);
	curl_easy_cleanup(state.curl);
	curl_global_cleanup();
	if (state.record)
		fclose(state.record);
	stack_close();
}

const struct check_hooks api_hooks = { .start = api_start, .stop = api_stop };

static size_t take_body(char *p, size_t size, size_t n, void *to)
{
	buf_put(to, p, size * n);
	return size * n;
}

/* Only the last answer's headers count: not a 100 or a redirect's. */
static size_t take_header(char *p, size_t size, size_t n, void *to)
{
	if (size * n > 5 && memcmp(p, "HTTP/", 5) == 0)
		buf_clear(to);
	buf_put(to, p, size * n);
	return size * n;
}

static void add_line(struct exchange *x, const char *line)
{
	x->lines = curl_slist_append(x->lines, line);
}

static void prepare(struct exchange *x, CURL *curl, const struct api_call *call)
{
	const char *url = *call->path == '/' ? FMT("%s%s", dev_text("base_url"),
	                                           call->path)
	                                     : call->path;
	const char *key = call->idempotency_key;

	x->curl = curl;
	x->method = call->method;
	x->path = call->path;
	x->answer = arena_new(tc->arena, struct api_answer);
	x->answer->what = FMT("%s %s", call->method, call->path);
	buf_init(&x->body, tc->arena, 4096);
	buf_init(&x->headers, tc->arena, 1024);
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &x->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &x->headers);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	if (strcmp(call->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	if (call->follow) {
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
	}
	if (call->body) {
		size_t n = call->n_body ? call->n_body : strlen(call->body);

		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)n);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
		add_line(x, FMT("Content-Type: %s",
		                call->type ? call->type : "application/json"));
	}
	/* As browsers do: a POST of nothing says that its length is 0. */
	if (!call->body && !call->type && call->method[0] == 'P') {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)0);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
		add_line(x, "Content-Type:");
	}
	add_line(x, "Expect:");
	if (call->token)
		add_line(x, FMT("Authorization: Bearer %s", call->token));
	if (key)
		add_line(x, FMT("Idempotency-Key: %s",
		                strcmp(key, "new") == 0 ? unique("key") : key));
	for (const char *const *h = call->headers; h && *h; h++)
		add_line(x, *h);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, x->lines);
}

/* One line for the program that holds answers against the document. */
static void record(const struct exchange *x)
{
	const struct api_answer *a = x->answer;
	struct buf b;

	if (!state.record || *x->path != '/' || !a->status)
		return;
	const char *type = api_header(a, "Content-Type");
	buf_init(&b, tc->arena, a->n + 256);
	buf_puts(&b, "{\"method\":");
	buf_json(&b, x->method);
	buf_puts(&b, ",\"path\":");
	buf_json(&b, x->path);
	buf_fmt(&b, ",\"status\":%d,\"type\":", a->status);
	buf_json(&b, type);
	buf_puts(&b, ",\"body\":");
	buf_puts(&b, a->json ? json_text(tc, a->json) : "null");
	buf_puts(&b, "}\n");
	fwrite(b.s, 1, b.n, state.record);
	fflush(state.record);
}

static void drop_json(void *json)
{
	json_decref(json);
}

static void read_json(struct api_answer *a)
{
	const char *type = api_header(a, "Content-Type");

	if (!type || !strstr(type, "json") || !a->n)
		return;
	a->json = json_loadb(a->body, a->n,
	                     JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (a->json)
		arena_defer(tc->arena, drop_json, a->json);
}

static const struct api_answer *finish(struct exchange *x, CURLcode code)
{
	struct api_answer *a = x->answer;
	long status = 0;

	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(x->lines);
	a->status = code == CURLE_OK ? (int)status : 0;
	a->body = code == CURLE_OK ? x->body.s : curl_easy_strerror(code);
	a->n = strlen(a->body) > x->body.n ? strlen(a->body) : x->body.n;
	a->headers = x->headers.s;
	read_json(a);
	record(x);
	return a;
}

const struct api_answer *api_call(const struct api_call *call)
{
	struct exchange x = { 0 };

	prepare(&x, state.curl, call);
	return finish(&x, curl_easy_perform(state.curl));
}

static const struct api_answer *simple(const char *method, const char *path,
                                       const char *body, const char *token)
{
	const struct api_call call = {
		.method = method, .path = path, .body = body, .token = token
	};

	return api_call(&call);
}

const struct api_answer *api_get(const char *path, const char *token)
{
	return simple("GET", path, NULL, token);
}

const struct api_answer *api_post(const char *path, const char *body,
                                  const char *token)
{
	return simple("POST", path, body ? body : "", token);
}

const struct api_answer *api_patch(const char *path, const char *body,
                                   const char *token)
{
	return simple("PATCH", path, body, token);
}

const struct api_answer *api_put(const char *path, const char *body,
                                 const char *token)
{
	return simple("PUT", path, body, token);
}

const struct api_answer *api_delete(const char *path, const char *token)
{
	return simple("DELETE", path, NULL, token);
}

void api_together(const struct api_call *calls, size_t n,
                  const struct api_answer **out)
{
	struct exchange *all = arena_new_array(tc->arena, struct exchange, n);
	CURLM *multi = curl_multi_init();
	CURLMsg *m;
	int running = 1, left;

	for (size_t i = 0; i < n; i++) {
		prepare(&all[i], curl_easy_init(), &calls[i]);
		curl_easy_setopt(all[i].curl, CURLOPT_PRIVATE, (void *)&all[i]);
		curl_easy_setopt(all[i].curl, CURLOPT_FRESH_CONNECT, 1L);
		curl_multi_add_handle(multi, all[i].curl);
	}
	while (running) {
		curl_multi_perform(multi, &running);
		if (running)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	for (size_t i = 0; i < n; i++)
		out[i] = NULL;
	for (m = curl_multi_info_read(multi, &left); m;
	     m = curl_multi_info_read(multi, &left)) {
		void *x = NULL;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		CURLcode code = m->data.result;
		out[(struct exchange *)x - all] = finish(x, code);
	}
	for (size_t i = 0; i < n; i++) {
		curl_multi_remove_handle(multi, all[i].curl);
		curl_easy_cleanup(all[i].curl);
		NEED_TRUE(out[i] != NULL, "every request has an answer");
	}
	curl_multi_cleanup(multi);
}

/* NOLINTNEXTLINE(readability-function-size): each is a part of the form */
const struct api_answer *api_upload(const char *path, const char *field,
                                    const char *file_name, const char *type,
                                    const void *bytes, size_t n,
                                    const char *const *fields,
                                    const char *token)
{
	const struct api_call call = { .method = "POST",
		                       .path = path,
		                       .type = "multipart/form-data",
		                       .token = token };
	struct exchange x = { 0 };

	prepare(&x, state.curl, &call);
	curl_mime *form = curl_mime_init(state.curl);
	for (; fields && *fields; fields++) {
		const char *equals = strchr(*fields, '=');
		curl_mimepart *text = curl_mime_addpart(form);

		curl_mime_name(text, arena_strndup(tc->arena, *fields,
		                                   (size_t)(equals - *fields)));
		curl_mime_data(text, equals + 1, CURL_ZERO_TERMINATED);
	}
	curl_mimepart *part = curl_mime_addpart(form);
	curl_mime_name(part, field);
	curl_mime_filename(part, file_name);
	curl_mime_type(part, type);
	curl_mime_data(part, bytes, n);
	curl_easy_setopt(state.curl, CURLOPT_MIMEPOST, form);
	const struct api_answer *a = finish(&x, curl_easy_perform(state.curl));
	curl_mime_free(form);
	return a;
}

/* "http://localhost:8080" → a connected socket; the test ends without one. */
static int connect_raw(void)
{
	const char *host = strstr(dev_text("base_url"), "//") + 2;
	const char *colon = strrchr(host, ':');
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int fd = -1;

	const char *name =
		arena_strndup(tc->arena, host, (size_t)(colon - host));
	NEED_INT(getaddrinfo(name, colon + 1, &hints, &found), 0, name);
	for (struct addrinfo *i = found; i && fd < 0; i = i->ai_next) {
		fd = socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC,
		            i->ai_protocol);
		if (connect(fd, i->ai_addr, i->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	if (found)
		freeaddrinfo(found);
	NEED_TRUE(fd >= 0, "the web server listens");
	return fd;
}

const struct api_answer *api_raw(const void *bytes, size_t n)
{
	struct api_answer *a = arena_new(tc->arena, struct api_answer);
	int fd = connect_raw();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct buf b;
	char piece[4096];
	ssize_t got;

	buf_init(&b, tc->arena, 4096);
	for (size_t done = 0; done < n; done += (size_t)got) {
		got = send(fd, (const char *)bytes + done, n - done,
		           MSG_NOSIGNAL);
		if (got < 0)
			break; /* the answer came before the end */
	}
	while (poll(&p, 1, TIMEOUT_S * 1000) > 0) {
		got = recv(fd, piece, sizeof(piece), 0);
		if (got <= 0)
			break;
		buf_put(&b, piece, (size_t)got);
	}
	close(fd);
	char *end = strstr(b.s, "\r\n\r\n");
	a->what = "raw request";
	a->headers = b.s;
	a->body = end ? end + 4 : "";
	a->n = end ? b.n - (size_t)(a->body - b.s) : 0;
	if (strncmp(b.s, "HTTP/1.", 7) == 0 && b.n > 12)
		a->status = (int)strtol(b.s + 9, NULL, 10);
	if (end)
		end[2] = '\0';
	read_json(a);
	return a;
}

const struct api_answer *api_login(const char *email, const char *password)
{
	struct buf b;

	buf_init(&b, tc->arena, 128);
	buf_puts(&b, "{\"email\":");
	buf_json(&b, email);
	buf_puts(&b, ",\"password\":");
	buf_json(&b, password);
	buf_putc(&b, '}');
	return api_post("/api/auth/login", b.s, NULL);
}

const char *token_of(const char *who)
{
	int64_t now = when_ticks();
	size_t i = 0;

	while (i < N_PEOPLE - 1 && *state.people[i].who &&
	       strcmp(state.people[i].who, who) != 0)
		i++;
	if (!state.people[i].token || state.people[i].until_us < now) {
		const struct api_answer *a =
			api_login(dev_text(FMT("accounts.%s.email", who)),
		                  dev_text(FMT("accounts.%s.password", who)));

		NEED_API(a, 200, FMT("%s signs in", who));
		free(state.people[i].token);
		snprintf(state.people[i].who, sizeof(state.people[i].who), "%s",
		         who);
		state.people[i].token = strdup(at_text(a, "access"));
		state.people[i].until_us = now + TOKEN_LIFE_S * 1000000LL;
	}
	return arena_strdup(tc->arena, state.people[i].token);
}

const char *unique(const char *word)
{
	char text[ID_TEXT_MAX];

	return FMT("%s-%s", word, id_text(id_new(), text));
}
