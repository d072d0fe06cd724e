/*
 * Mails: their bytes, the file driver, and SMTP against a double that plays one
 * scripted server for each connection.
 */
#include "config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/client.h"
#include "fcgi/http/mail.h"
#include "tests/support/check.h"

static struct mail a_mail(void)
{
	struct when at;

	NEED_TRUE(when_parse("2026-11-22T12:00:00.000001Z", &at), "time");
	return (struct mail){ .from = "Merkato <shop@example.org>",
		              .to = "abebe@example.com",
		              .name = "Abebe Kebede",
		              .subject = "Confirm your address",
		              .text = "Hello\n.\nhttps://x/?token=a=b\n",
		              .id = id_new(),
		              .at = at };
}

static const char *composed(const struct mail *m)
{
	const char *s = NULL;
	size_t n;

	NEED_RC(mail_compose(tc, m, &s, &n), RC_OK, "composes");
	CHECK_INT(strlen(s), n, "length");
	return s;
}

static void a_plain_mail_has_the_headers_of_rfc_5322(void)
{
	struct mail m = a_mail();
	char id[ID_TEXT_MAX];
	const char *s = composed(&m);

	CHECK_HAS(s, "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n", "date");
	CHECK_HAS(s, "From: Merkato <shop@example.org>\r\n", "from");
	CHECK_HAS(s, "To: Abebe Kebede <abebe@example.com>\r\n", "to");
	CHECK_HAS(s, "Subject: Confirm your address\r\n", "subject");
	CHECK_HAS(s, "Auto-Submitted: auto-generated\r\n", "automatic");
	CHECK_HAS(s,
	          arena_fmt(tc->arena, "Message-ID: <%s@example.org>\r\n",
	                    id_text(m.id, id)),
	          "id");
	CHECK_HAS(s, "\r\n\r\nHello\r\n.\r\nhttps://x/?token=a=b\r\n",
	          "text as it is");
}

static void words_of_any_script_are_encoded(void)
{
	struct mail m = a_mail();

	m.name = "አበበ";
	m.subject = "ትዕዛዝዎ ተልኳል፣ በቅርቡ ይደርሳል፣ እናመሰግናለን";
	m.text = "ሰላም\n";
	const char *s = composed(&m);

	CHECK_HAS(s, "To: =?UTF-8?B?4Yqg4Ymg4Ymg?= <abebe@example.com>\r\n",
	          "name");
	CHECK_HAS(s, "Subject: =?UTF-8?B?", "subject");
	CHECK_HAS(s, "?=\r\n =?UTF-8?B?", "folded");
	CHECK_HAS(s, "Content-Transfer-Encoding: 8bit\r\n", "8bit");
	for (const char *line = s; line; line = strstr(line, "\r\n")) {
		line += line != s ? 2 : 0;
		CHECK_TRUE(strcspn(line, "\r") <= 120, "short lines");
	}
}

static void names_with_signs_are_encoded(void)
{
	struct mail m = a_mail();

	m.name = "Eve, \"x\" <evil@example.net>";
	CHECK_LACKS(composed(&m), "evil@example.net", "no second address");
}

static void html_is_an_alternative(void)
{
	struct mail m = a_mail();
	char long_line[1200] = "<p>";

	memset(long_line + 3, 'x', sizeof(long_line) - 4);
	m.html = "<p>Hello</p>\n";
	const char *s = composed(&m);
	CHECK_HAS(s, "Content-Type: multipart/alternative; boundary=", "kind");
	CHECK_HAS(s, "Content-Type: text/html; charset=utf-8\r\n", "part");
	CHECK_HAS(s, "\r\n\r\n<p>Hello</p>\r\n--=_", "as it is");
	CHECK_HAS(s, "--\r\n", "closed");
	m.html = long_line;
	CHECK_HAS(composed(&m), "Content-Transfer-Encoding: base64\r\n",
	          "over-long lines");
}

static void headers_cannot_be_smuggled_in(void)
{
	static const struct {
		const char *to, *name, *subject;
	} cases[] = {
		{ "a@b.c\r\nBcc: x@y.z", "A", "S" },
		{ "a@b.c", "A\r\nBcc: x@y.z", "S" },
		{ "a@b.c", "A", "S\nBcc: x@y.z" },
		{ "a@b.c, x@y.z", "A", "S" },
		{ "nobody", "A", "S" },
		{ "Name <a@b.c>", "A", "S" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mail m = a_mail();
		const char *s;
		size_t n;

		m.to = cases[i].to;
		m.name = cases[i].name;
		m.subject = cases[i].subject;
		CHECK_RC(mail_compose(tc, &m, &s, &n), RC_INVALID, m.to);
		fail_clear(tc);
	}
}

static const char *a_folder(void)
{
	char *dir = arena_fmt(tc->arena, "%s/merkato-mail-XXXXXX",
	                      getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");

	NEED_TRUE(mkdtemp(dir) != NULL, "a directory");
	return dir;
}

static void the_file_driver_writes_one_file_for_each_mail(void)
{
	struct mail m = a_mail();
	const char *dir = a_folder();
	char id[ID_TEXT_MAX];
	int n = 0;

	m.to = "a/../b@example.com";
	CHECK_RC(mail_write(tc, &m, dir), RC_OK, "first");
	CHECK_RC(mail_write(tc, &m, dir), RC_OK, "a repeat replaces it");
	const char *want = arena_fmt(
		tc->arena, "20261122T120000.000001Z-a_.._b@example.com-%s.eml",
		id_text(m.id, id));
	DIR *d = opendir(dir);
	NEED_TRUE(d != NULL, dir);
	for (struct dirent *f = readdir(d); f; f = readdir(d)) {
		if (!strcmp(f->d_name, ".") || !strcmp(f->d_name, ".."))
			continue;
		CHECK_TEXT(f->d_name, want, "name");
		unlink(arena_fmt(tc->arena, "%s/%s", dir, f->d_name));
		n++;
	}
	closedir(d);
	rmdir(dir);
	CHECK_INT(n, 1, "files");
}

static void a_full_or_missing_folder_means_later(void)
{
	struct mail m = a_mail();

	CHECK_RC(mail_write(tc, &m, "/proc/none"), RC_UNAVAILABLE, "later");
}

/* What the double saw, shared with the test. */
struct seen {
	char text[8192];
};

struct script {
	const char *at, *answer; /* a command's beginning and its answer */
	enum rc want;
	const char *what;
};

static void speak(int fd, const char *s)
{
	if (write(fd, s, strlen(s)) < 0)
		_exit(1);
}

static void play(FILE *in, int fd, const struct script *s, struct seen *seen)
{
	char line[2048];

	speak(fd, "220 double\r\n");
	while (fgets(line, sizeof(line), in)) {
		size_t used = strlen(seen->text);

		snprintf(seen->text + used, sizeof(seen->text) - used, "%s",
		         line);
		if (s->at && !strncmp(line, s->at, strlen(s->at))) {
			speak(fd, s->answer);
		} else if (!strncmp(line, "DATA", 4)) {
			speak(fd, "354 go on\r\n");
			while (fgets(line, sizeof(line), in) &&
			       strcmp(line, ".\r\n") != 0) {
				used = strlen(seen->text);
				snprintf(seen->text + used,
				         sizeof(seen->text) - used, "%s", line);
			}
			speak(fd, "250 taken\r\n");
		} else {
			speak(fd, "250 fine\r\n");
		}
	}
}

static enum rc deliver(const struct script *s, struct seen *seen)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct mail m = a_mail();

	NEED_TRUE(!bind(listener, (struct sockaddr *)&a, n) &&
	                  !listen(listener, 1) &&
	                  !getsockname(listener, (struct sockaddr *)&a, &n),
	          "listens");
	NEED_TRUE(settings_set("smtp_url",
	                       arena_fmt(tc->arena, "smtp://127.0.0.1:%d",
	                                 ntohs(a.sin_port))),
	          "setting");
	pid_t pid = fork();
	if (pid == 0) {
		alarm(10); /* never outlives the test */
		int fd = accept(listener, NULL, NULL);

		play(fdopen(fd, "r"), fd, s, seen);
		_exit(0);
	}
	close(listener);
	enum rc rc = mail_smtp(tc, &m);
	waitpid(pid, NULL, 0);
	return rc;
}

static void smtp_answers_decide_what_comes_next(void)
{
	static const struct script scripts[] = {
		{ NULL, NULL, RC_OK, "taken" },
		{ "RCPT", "550 no such person\r\n", RC_INVALID, "bounce" },
		{ "RCPT", "451 come back\r\n", RC_UNAVAILABLE, "greylisted" },
		{ "MAIL", "530 log in first\r\n", RC_FORBIDDEN, "login" },
		{ "DATA", "421 closing\r\n", RC_UNAVAILABLE, "closing" },
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		struct seen *seen =
			mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		NEED_TRUE(seen != MAP_FAILED, "shared memory");
		CHECK_RC(deliver(&scripts[i], seen), scripts[i].want,
		         scripts[i].what);
		fail_clear(tc);
		CHECK_HAS(seen->text, "EHLO localhost\r\n", scripts[i].what);
		CHECK_HAS(seen->text, "MAIL FROM:<shop@example.org>",
		          scripts[i].what);
		if (!scripts[i].want) {
			CHECK_HAS(seen->text, "RCPT TO:<abebe@example.com>\r\n",
			          "recipient");
			CHECK_HAS(seen->text, "\r\n\r\nHello\r\n..\r\nhttps://",
			          "dots are stuffed");
		}
		munmap(seen, sizeof(*seen));
	}
}

static void a_silent_mail_server_means_later(void)
{
	struct mail m = a_mail();

	NEED_TRUE(settings_set("smtp_url", "smtp://127.0.0.1:1"), "setting");
	CHECK_RC(mail_smtp(tc, &m), RC_UNAVAILABLE, "later");
}

CHECK_MAIN("mail", TEST(a_plain_mail_has_the_headers_of_rfc_5322),
           TEST(words_of_any_script_are_encoded),
           TEST(names_with_signs_are_encoded), TEST(html_is_an_alternative),
           TEST(headers_cannot_be_smuggled_in),
           TEST(the_file_driver_writes_one_file_for_each_mail),
           TEST(a_full_or_missing_folder_means_later),
           TEST(smtp_answers_decide_what_comes_next),
           TEST(a_silent_mail_server_means_later))
