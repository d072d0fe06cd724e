/* Configuration: file, environment, secrets from files, and every fault with
 * its place. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/settings.h"
#include "tests/support/check.h"

/* Settings are set once a process, so each try is a child: its status and what
 * it printed. */
struct outcome {
	bool ok;
	char said[4096];
};

static char directory[] = "/tmp/merkato-settings-XXXXXX";

static bool start(void)
{
	return mkdtemp(directory) != NULL;
}

static void stop(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/conf", directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/secret", directory);
	unlink(path);
	rmdir(directory);
}

static char *write_file(const char *name, const char *text, mode_t mode)
{
	char *path = arena_fmt(tc->arena, "%s/%s", directory, name);
	FILE *f = fopen(path, "we");

	NEED_TRUE(f != NULL, path);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
	return path;
}

static void child(const char *file, const char *const *env, const char *show,
                  int out)
{
	dup2(out, 2);
	clearenv();
	for (; env && *env; env += 2)
		setenv(env[0], env[1], 1);
	bool ok = settings_load(file);
	if (show && ok) {
		dprintf(2,
		        "base_url=%s port=%lld secret=%s env=%s jobs=%d mail_dir=%s",
		        settings->base_url, (long long)settings->mysql_port,
		        settings->secret,
		        getenv("MERKATO_SECRET") ? "seen" : "gone",
		        settings->jobs, settings->mail_dir);
	}
	_exit(ok ? 0 : 1);
}

static struct outcome load(const char *file, const char *const *env)
{
	struct outcome o = { 0 };
	int fds[2];

	NEED_TRUE(pipe(fds) == 0, "pipe");
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		child(file, env, "all", fds[1]);
	close(fds[1]);
	size_t n = 0;
	for (ssize_t got;
	     (got = read(fds[0], o.said + n, sizeof(o.said) - 1 - n)) > 0;)
		n += (size_t)got;
	close(fds[0]);
	int status = 0;
	waitpid(pid, &status, 0);
	o.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return o;
}

static struct outcome load_text(const char *text, const char *const *env)
{
	return load(write_file("conf", text, 0600), env);
}

#define SECRET "7f3a9d1c5e8b2f604c7d9e1a3b5f8c20"

static void a_file_is_read_and_the_environment_wins(void)
{
	const char *const env[] = {
		"MERKATO_MYSQL_PORT", "3307", "PATH", "/bin",
		"MERKATO_SECRET",     SECRET, NULL
	};
	struct outcome o =
		load_text("# a comment\n\n"
	                  "MERKATO_BASE_URL = \"https://shop.test\"\n"
	                  "MERKATO_MYSQL_PORT=3308\nMERKATO_JOBS=off\n"
	                  "MERKATO_DATA_DIR='/srv/m'\n",
	                  env);

	CHECK_TRUE(o.ok, o.said);
	CHECK_TEXT(o.said,
	           "base_url=https://shop.test port=3307 secret=" SECRET
	           " env=gone jobs=0 mail_dir=/srv/m/mail",
	           "values");
}

static void a_secret_may_lie_in_a_file_of_its_own(void)
{
	const char *path = write_file("secret", SECRET "\n", 0600);
	const char *const env[] = { "MERKATO_SECRET_FILE", path, NULL };
	struct outcome o = load(NULL, env);

	CHECK_TRUE(o.ok, o.said);
	CHECK_HAS(o.said, "secret=" SECRET " ", "read without its line feed");
}

static void every_fault_is_named_with_file_and_line(void)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "MERKATO_NONSENSE=1\n",
		  "conf:1: MERKATO_NONSENSE: unknown key" },
		{ "\nPORT=1\n", "conf:2: PORT: unknown key" },
		{ "MERKATO_MYSQL_PORT=0\n",
		  "conf:1: mysql_port: must be a whole number from 1 to 65535" },
		{ "MERKATO_MYSQL_PORT=80x\n", "conf:1: mysql_port: must be" },
		{ "MERKATO_JOBS=maybe\n",
		  "conf:1: jobs: must be true or false" },
		{ "just words\n", "conf:1: just words: a line is KEY=VALUE" },
		{ "MERKATO_SECRET=short\n",
		  "secret: must have at least 32 bytes" },
		{ "MERKATO_SECRET=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		  "secret: is no secret" },
		{ "MERKATO_BASE_URL=shop.test\n",
		  "base_url: must begin with https://" },
		{ "MERKATO_BASE_URL=https://shop.test/\n",
		  "base_url: must begin" },
		{ "MERKATO_SECRET_FILE=/nonexistent\n",
		  "conf:1: MERKATO_SECRET_FILE: /nonexistent: No such file" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct outcome o = load_text(cases[i].text, NULL);

		CHECK_FALSE(o.ok, cases[i].text);
		CHECK_HAS(o.said, cases[i].said, cases[i].text);
	}
	struct outcome both =
		load_text("MERKATO_X=1\nMERKATO_JOBS=maybe\n", NULL);
	CHECK_HAS(both.said, "conf:1:", "first fault");
	CHECK_HAS(both.said, "conf:2:", "second fault, in the same run");
	const char *const env[] = { "MERKATO_TYPO", "1", NULL };
	CHECK_HAS(load(NULL, env).said,
	          "environment: MERKATO_TYPO: unknown key", "environment");
}

static void two_secrets_must_differ(void)
{
	struct outcome o =
		load_text("MERKATO_SECRET=" SECRET
	                  "\nMERKATO_PAYMENT_WEBHOOK_SECRET=" SECRET "\n",
	                  NULL);

	CHECK_FALSE(o.ok, "refused");
	CHECK_HAS(o.said, "must differ", "why");
}

static void a_file_that_others_can_read_is_refused(void)
{
	struct outcome o =
		load(write_file("conf", "MERKATO_JOBS=on\n", 0644), NULL);

	CHECK_FALSE(o.ok, "refused");
	CHECK_HAS(o.said, "others may read it", "why");
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("settings", &hooks,
                TEST(a_file_is_read_and_the_environment_wins),
                TEST(a_secret_may_lie_in_a_file_of_its_own),
                TEST(every_fault_is_named_with_file_and_line),
                TEST(two_secrets_must_differ),
                TEST(a_file_that_others_can_read_is_refused))
