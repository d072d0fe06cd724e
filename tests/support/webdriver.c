#include "config.h"

#include "tests/support/webdriver.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "tests/support/check.h"

enum { WAIT_MS = 5000, STEP_MS = 50, START_MS = 20000 };

/* One browser for the program. */
static struct {
	pid_t pid;
	int port;
	CURL *curl;
	struct arena *arena; /* as long as the browser */
	char *profile;
	const char *session; /* "/session/…" */
} driver;

static size_t take(char *p, size_t size, size_t n, void *self)
{
	buf_put(self, p, size * n);
	return size * n;
}

static void drop(void *p)
{
	json_decref(p);
}

/* The "value" of the answer; NULL with *why (a WebDriver error code). */
static json_t *ask(struct arena *a, const char *method, const char *path,
                   json_t *body, const char **why)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	struct buf answer;

	json_decref(body);
	buf_init(&answer, a, 4096);
	curl_easy_reset(driver.curl);
	curl_easy_setopt(
		driver.curl, CURLOPT_URL,
		arena_fmt(a, "http://127.0.0.1:%d%s", driver.port, path));
	curl_easy_setopt(driver.curl, CURLOPT_PROXY, "");
	curl_easy_setopt(driver.curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(driver.curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(driver.curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(driver.curl, CURLOPT_WRITEDATA, &answer);
	if (text)
		curl_easy_setopt(driver.curl, CURLOPT_POSTFIELDS, text);
	curl_easy_setopt(driver.curl, CURLOPT_CUSTOMREQUEST, method);
	CURLcode code = curl_easy_perform(driver.curl);
	curl_slist_free_all(headers);
	free(text);
	*why = curl_easy_strerror(code);
	if (code)
		return NULL;
	json_t *all = json_loadb(answer.s, answer.n, JSON_DECODE_ANY, NULL);
	arena_defer(a, drop, all);
	json_t *value = json_object_get(all, "value");
	const json_t *error = json_object_get(value, "error");
	*why = json_is_string(error)
	               ? arena_fmt(a, "%s: %s", json_string_value(error),
	                           json_string_value(
					   json_object_get(value, "message")))
	               : "no value";
	return json_is_string(error) ? NULL : value;
}

/* Must succeed. */
static json_t *must(const char *method, const char *path, json_t *body)
{
	const char *why = "";
	json_t *value = ask(tc->arena, method,
	                    arena_fmt(tc->arena, "%s%s", driver.session, path),
	                    body, &why);

	NEED_TRUE(value != NULL,
	          arena_fmt(tc->arena, "%s %s: %.300s", method, path, why));
	return value;
}

static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int port = 0;

	if (!bind(fd, (struct sockaddr *)&a, n) &&
	    !getsockname(fd, (struct sockaddr *)&a, &n))
		port = ntohs(a.sin_port);
	close(fd);
	return port;
}

static void run_driver(void)
{
	const char *port = arena_fmt(driver.arena, "--port=%d", driver.port);
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0); /* so that the browser goes with it */
	dup2(nowhere, 0);
	dup2(nowhere, 1);
	dup2(nowhere, 2);
	execlp("chromedriver", "chromedriver", port, (char *)NULL);
	_exit(127);
}

static json_t *wishes(void)
{
	json_t *args = json_pack(
		"[s,s,s,s,s,s,s,s,s]", "--headless=new", "--no-sandbox",
		"--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-dev-shm-usage",
		arena_fmt(driver.arena, "--user-data-dir=%s", driver.profile));

	return json_pack("{s:{s:{s:s, s:{s:o}}}}", "capabilities",
	                 "alwaysMatch", "browserName", "chrome",
	                 "goog:chromeOptions", "args", args);
}

static bool open_session(void)
{
	const char *why = "";
	json_t *ready = NULL, *session;

	for (int ms = 0; ms < START_MS && !ready; ms += STEP_MS) {
		check_pause(STEP_MS);
		ready = ask(driver.arena, "GET", "/status", NULL, &why);
	}
	session = ready ? ask(driver.arena, "POST", "/session", wishes(), &why)
	                : NULL;
	const char *id =
		json_string_value(json_object_get(session, "sessionId"));
	if (!id) {
		fprintf(stderr, "browser: %.400s\n", why);
		return false;
	}
	driver.session = arena_fmt(driver.arena, "/session/%s", id);
	return true;
}

bool browser_start(void)
{
	/* NOLINTNEXTLINE(cert-env33-c): our own words, in a test */
	if (system("command -v chromedriver >/dev/null && command -v chromium "
	           ">/dev/null") != 0)
		check_skip("chromium and chromium-driver are not installed");
	driver.arena = arena_create(0);
	driver.profile =
		arena_fmt(driver.arena, "%s/merkato-browser-XXXXXX",
	                  getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	driver.port = free_port();
	driver.curl = curl_easy_init();
	if (!driver.port || !driver.curl || !mkdtemp(driver.profile))
		return false;
	driver.pid = fork();
	if (driver.pid == 0)
		run_driver();
	return driver.pid > 0 && open_session();
}

void browser_stop(void)
{
	const char *why;

	if (driver.session)
		(void)ask(driver.arena, "DELETE", driver.session, NULL, &why);
	if (driver.pid > 0) {
		kill(-driver.pid, SIGTERM);
		waitpid(driver.pid, NULL, 0);
	}
	if (driver.curl)
		curl_easy_cleanup(driver.curl);
	/* NOLINTNEXTLINE(cert-env33-c): a folder that mkdtemp has named */
	if (driver.profile &&
	    /* NOLINTNEXTLINE(cert-env33-c) */
	    system(arena_fmt(driver.arena, "rm -rf '%s'", driver.profile)))
		fprintf(stderr, "%s is left\n", driver.profile);
	arena_destroy(driver.arena);
	driver.arena = NULL;
}

void browser_go(const char *url)
{
	must("POST", "/url", json_pack("{s:s}", "url", url));
}

const char *browser_url(void)
{
	return json_string_value(must("GET", "/url", NULL));
}

const char *browser_title(void)
{
	return json_string_value(must("GET", "/title", NULL));
}

const char *browser_source(void)
{
	return json_string_value(must("GET", "/source", NULL));
}

/* "/element/…" or NULL. */
static const char *find(const char *by, const char *what, int wait_ms)
{
	const char *why = "", *id = NULL;

	for (int ms = 0; !id && ms <= wait_ms; ms += STEP_MS) {
		if (ms)
			check_pause(STEP_MS);
		json_t *e =
			ask(tc->arena, "POST",
		            arena_fmt(tc->arena, "%s/element", driver.session),
		            json_pack("{s:s, s:s}", "using", by, "value", what),
		            &why);
		if (e && json_object_iter(e))
			id = json_string_value(
				json_object_iter_value(json_object_iter(e)));
	}
	return id ? arena_fmt(tc->arena, "/element/%s", id) : NULL;
}

static const char *must_find(const char *selector)
{
	const char *e = find("css selector", selector, WAIT_MS);

	NEED_TRUE(e != NULL,
	          arena_fmt(tc->arena, "%s on %s", selector, browser_url()));
	return e;
}

bool browser_has(const char *selector)
{
	return find("css selector", selector, 0) != NULL;
}

static json_t *of(const char *element, const char *what)
{
	return must("GET", arena_fmt(tc->arena, "%s%s", element, what), NULL);
}

const char *browser_text(const char *selector)
{
	return json_string_value(of(must_find(selector), "/text"));
}

const char *browser_attribute(const char *selector, const char *name)
{
	return json_string_value(
		of(must_find(selector),
	           arena_fmt(tc->arena, "/attribute/%s", name)));
}

static void press(const char *element, const char *verb, json_t *body)
{
	must("POST", arena_fmt(tc->arena, "%s%s", element, verb), body);
}

void browser_click(const char *selector)
{
	press(must_find(selector), "/click", json_object());
}

void browser_follow(const char *link_text)
{
	const char *e = find("link text", link_text, WAIT_MS);

	NEED_TRUE(e != NULL, link_text);
	press(e, "/click", json_object());
}

void browser_type(const char *selector, const char *text)
{
	const char *e = must_find(selector);

	press(e, "/clear", json_object());
	press(e, "/value", json_pack("{s:s}", "text", text));
}

bool browser_wait_text(const char *selector, const char *part)
{
	for (int ms = 0; ms <= WAIT_MS; ms += STEP_MS) {
		const char *why = "", *e = find("css selector", selector, 0);
		/* A page that is just going takes its elements with it. */
		const json_t *v = e ? ask(tc->arena, "GET",
		                          arena_fmt(tc->arena, "%s%s/text",
		                                    driver.session, e),
		                          NULL, &why)
		                    : NULL;

		if (json_is_string(v) && strstr(json_string_value(v), part))
			return true;
		check_pause(STEP_MS);
	}
	return false;
}

void browser_forget(void)
{
	must("DELETE", "/cookie", NULL);
}

const char *browser_script(const char *script)
{
	json_t *v = must("POST", "/execute/sync",
	                 json_pack("{s:s, s:[]}", "script", script, "args"));

	return json_is_string(v) ? json_string_value(v) : json_text(tc, v);
}

void browser_size(int width, int height)
{
	must("POST", "/window/rect",
	     json_pack("{s:i, s:i}", "width", width, "height", height));
}

void browser_shot(const char *name)
{
	const char *dir = getenv("SCREENSHOTS");
	size_t n = 0;

	if (!dir)
		return;
	const char *text = json_string_value(must("GET", "/screenshot", NULL));
	void *png = text_unbase64(tc->arena, text, strlen(text), &n);
	FILE *f = fopen(arena_fmt(tc->arena, "%s/%s.png", dir, name), "we");
	NEED_TRUE(png && f, name);
	fwrite(png, 1, n, f);
	fclose(f);
}
