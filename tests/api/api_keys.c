/* Commands of the program beside the running product: signing keys that rotate
 * without logging anybody out, and the back-test of the rules. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/text.h"
#include "tests/support/api.h"
#include "tests/support/api_stack.h"

static const char *place(const char *name)
{
	const char *dev = getenv("MERKATO_DEV_JSON");
	size_t n = dev ? strlen(dev) : 0;

	while (n && dev[n - 1] != '/')
		n--;
	NEED_TRUE(n > 0, "where the stack is");
	return FMT("%.*s%s", (int)n, dev, name);
}

/* What the program says, run as the one that is running; environment is put
 * before it ("NAME=value"), status is what it is to end with. */
static const char *merkato_says(const char *environment, const char *words,
                                int status)
{
	char program[500] = "", piece[1000];
	struct buf b;
	size_t n;

	NEED_TRUE(readlink(FMT("/proc/%d/exe", (int)process_of("merkato")),
	                   program, sizeof(program) - 1) > 0,
	          "the program");
	const char *command =
		FMT("ASAN_OPTIONS=detect_leaks=0 %s %s --config %s"
	            " %s 2>/dev/null",
	            environment, program, place("merkato.conf"), words);
	/* The shell sees words of this test only.
	 * NOLINTNEXTLINE(cert-env33-c) */
	FILE *from = popen(command, "r");

	NEED_TRUE(from != NULL, words);
	buf_init(&b, tc->arena, 1000);
	while ((n = fread(piece, 1, sizeof(piece), from)) > 0)
		buf_put(&b, piece, n);
	int ended = pclose(from);
	CHECK_TRUE(WIFEXITED(ended), words);
	CHECK_INT(WEXITSTATUS(ended), status, words);
	return b.s;
}

static const char *merkato(const char *words)
{
	return merkato_says("", words, 0);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t most = 1 << 16;
	char *text = arena_alloc(tc->arena, most + 1);

	NEED_TRUE(f != NULL, path);
	text[fread(text, 1, most, f)] = '\0';
	fclose(f);
	return text;
}

/* In place, so that owner and mode stay. */
static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	NEED_TRUE(f != NULL && fputs(text, f) >= 0 && !fclose(f), path);
}

static const char *kid_of(const char *token)
{
	size_t n = 0;
	const char *header =
		text_unbase64url(tc->arena, token, strcspn(token, "."), &n);
	json_t *j = header ? json_loadb(header, n, 0, NULL) : NULL;
	const char *kid = json_string_value(json_object_get(j, "kid"));

	kid = kid ? arena_strdup(tc->arena, kid) : "";
	json_decref(j);
	return kid;
}

static const char *new_token(void)
{
	const struct api_answer *a =
		api_login(dev_text("accounts.customer.email"),
	                  dev_text("accounts.customer.password"));

	NEED_API(a, 200, "signs in");
	return at_text(a, "access");
}

static bool signs_with(void *kid)
{
	return !strcmp(kid_of(new_token()), kid);
}

enum { WORKERS_MAX = 64 };
struct workers {
	pid_t pids[WORKERS_MAX];
	size_t n;
};

static bool are_replaced(void *before)
{
	const struct workers *old = before;
	struct workers now;

	now.n = workers_of(now.pids, WORKERS_MAX);
	for (size_t i = 0; i < now.n; i++)
		for (size_t k = 0; k < old->n; k++)
			if (now.pids[i] == old->pids[k])
				return false;
	return now.n >= old->n;
}

/* Until every worker is one that has read it. */
static void configure(const char *text)
{
	struct workers old;

	old.n = workers_of(old.pids, WORKERS_MAX);
	write_file(place("merkato.conf"), text);
	NEED_INT(kill(process_of("merkato"), SIGHUP), 0, "HUP");
	NEED_TRUE(wait_until(are_replaced, &old, 30), "workers are replaced");
}

/* As the command says: its line into the configuration, then HUP. The kid. */
static const char *rotate(const char *before)
{
	const char *said = merkato("keys rotate --after 2");
	const char *kid = said + strlen("MERKATO_JWT_KEYS=");

	NEED_TRUE(!strncmp(said, "MERKATO_JWT_KEYS=", 17), said);
	kid = arena_strndup(tc->arena, kid, strcspn(kid, "@"));
	configure(FMT("%s%s", before, said));
	NEED_TRUE(wait_until(signs_with, (void *)(uintptr_t)kid, 30),
	          "new tokens carry the new key");
	return kid;
}

static int status_of(const char *token)
{
	return api_get("/api/users/me", token)->status;
}

static void keys_rotate_while_everybody_stays_signed_in(void)
{
	if (!process_of("merkato"))
		return; /* mod_fcgid's workers have no master to tell */
	const char *before = read_file(place("merkato.conf"));
	const char *first = new_token(), *old = kid_of(first);
	pid_t master = process_of("merkato");
	const char *kid = rotate(before);
	const char *second = new_token();

	CHECK_TRUE(strcmp(kid, old) != 0, "another key");
	for (int i = 0; i < 10; i++) {
		CHECK_INT(status_of(first), 200, "the old key still opens");
		CHECK_INT(status_of(second), 200, "the new one everywhere");
	}
	CHECK_INT(process_of("merkato"), master, "nothing was started anew");
	rotate(before);
	CHECK_INT(status_of(second), 200, "the one before");
	CHECK_INT(status_of(first), 401, "the oldest is retired");
	configure(before);
	CHECK_TEXT(kid_of(new_token()), old, "as it was");
}

#define SECRET "0123456789abcdef0123456789abcdef"

/* It would leave none that signs. */
static void a_key_that_does_not_sign_yet_is_not_rotated(void)
{
	const long long now = (long long)time(NULL);

	if (!process_of("merkato"))
		return;
	CHECK_TEXT(
		merkato_says(FMT("MERKATO_JWT_KEYS=k1@%lld:" SECRET ",derived",
	                         now + 300),
	                     "keys rotate", 1),
		"", "nothing to put anywhere");
	CHECK_HAS(
		merkato_says(FMT("MERKATO_JWT_KEYS=k1@%lld:" SECRET ",derived",
	                         now - 300),
	                     "keys rotate", 0),
		FMT(",k1@%lld:" SECRET "\n", now - 300),
		"the one that signs is kept, the one before goes");
	merkato_says("", "keys rotate --after -1", 2);
	merkato_says("", "keys rotate --after 86401", 2);
	merkato_says("", "keys rotate --after soon", 2);
}

static void past_events_are_played_to_the_rules(void)
{
	const char *email = FMT("%s@example.com", unique("forgetful"));

	if (!process_of("merkato"))
		return;
	for (int i = 0; i < 5; i++)
		api_login(email, "not my password");
	const char *said = merkato("rules replay --days 30");
	char *row = strstr(said, "login_failures_account");

	NEED_TRUE(row != NULL, said);
	row += strlen("login_failures_account");
	CHECK_INT(strtoll(row, &row, 10), 5, "the threshold of the rule");
	CHECK_TRUE(strtoll(row, &row, 10) >= 5, "its events");
	CHECK_TRUE(strtoll(row, &row, 10) >= 1, "when it would have fired");
	/* Others sign in from this address, too. */
	poke("DELETE FROM login_attempt");
}

CHECK_MAIN_WITH("keys", &api_hooks, TEST(past_events_are_played_to_the_rules),
                TEST(a_key_that_does_not_sign_yet_is_not_rotated),
                TEST(keys_rotate_while_everybody_stays_signed_in))
