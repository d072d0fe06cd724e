/* The program as it is started: by hand, by systemd and by web servers. */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/listen.h"
#include "tests/support/check.h"
#include "tests/support/fastcgi_client.h"

static struct {
	char dir[64], fast[96], slow[96], config[96], said[96];
	pid_t pid;
} t;

/* The whole configuration, with more lines behind it. */
static void configure(const char *more)
{
	FILE *f = fopen(t.config, "we");

	if (!f)
		abort();
	fprintf(f,
	        "MERKATO_SECRET=3a1d7c5e9b2f4860a7c3e5d1f9b8276450c1e3a5\n"
	        "MERKATO_USER=%s\nMERKATO_FAST_SOCKET=%s\n"
	        "MERKATO_SLOW_SOCKET=%s\nMERKATO_TEMPLATE_DIR=%s/templates\n"
	        "MERKATO_MIGRATION_DIR=%s/db/migrations\n"
	        "MERKATO_DATA_DIR=%s\nMERKATO_FAST_WORKERS=1\n"
	        "MERKATO_SLOW_WORKERS=1\nMERKATO_JOBS=false\n"
	        "MERKATO_MYSQL_SOCKET=%s/no.sock\n%s\n",
	        geteuid() ? "" : "nobody", t.fast, t.slow, check_top(),
	        check_top(), t.dir, t.dir, more);
	fchmod(fileno(f), 0640);
	fclose(f);
}

static void clear_environment(void)
{
	static const char *const names[] = {
		"MERKATO_MYSQL_SOCKET", "MERKATO_MYSQL_ADMIN_USER",
		"MERKATO_MYSQL_HOST",   "MERKATO_MYSQL_USER",
		"MERKATO_MEMCACHED",    "MERKATO_MYSQL_DATABASE",
		"MERKATO_SECRET",       "MERKATO_USER",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
	setenv("MERKATO_CONF", t.config, 1);
}

/* In the child: both outputs into the file that said() reads. */
static void become(const char *word)
{
	int fd = open(t.said, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	clear_environment();
	execl("./merkato", "merkato", word, (char *)NULL);
	_exit(127);
}

static char *said(void)
{
	static char text[65536];
	FILE *f = fopen(t.said, "re");

	NEED_TRUE(f != NULL, "the program's words");
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run(const char *word)
{
	pid_t pid = fork();

	if (!pid)
		become(word);
	return wait_for(pid);
}

static bool answers(const char *socket_path)
{
	struct fastcgi_answer a;

	return fastcgi_ask(socket_path, "GET", "/healthz", NULL, &a) == 200;
}

static bool begin(void)
{
	snprintf(t.dir, sizeof(t.dir), "/tmp/merkato-program-XXXXXX");
	if (!mkdtemp(t.dir))
		return false;
	chmod(t.dir, 0755);
	snprintf(t.fast, sizeof(t.fast), "%s/fast.sock", t.dir);
	snprintf(t.slow, sizeof(t.slow), "%s/slow.sock", t.dir);
	snprintf(t.config, sizeof(t.config), "%s/merkato.conf", t.dir);
	snprintf(t.said, sizeof(t.said), "%s/said", t.dir);
	return access("./merkato", X_OK) == 0;
}

static void end(void)
{
	unlink(t.config);
	unlink(t.said);
	rmdir(t.dir);
}

static void after(void)
{
	if (t.pid) {
		kill(t.pid, SIGTERM);
		wait_for(t.pid);
	}
	t.pid = 0;
	unlink(t.fast);
	unlink(t.slow);
}

static void start(void)
{
	t.pid = fork();
	if (!t.pid)
		become("serve");
}

static void a_wrong_configuration_stops_the_start_with_file_and_line(void)
{
	configure("MERKATO_FAST_WORKERS=many\nMERKATO_COLOUR=green\n");
	CHECK_INT(run("serve"), 3, "status");
	CHECK_HAS(said(), "merkato.conf:12: fast_workers: must be", "value");
	CHECK_HAS(said(), "merkato.conf:13: MERKATO_COLOUR: unknown key",
	          "key");
	configure("MERKATO_SECRET=\n");
	CHECK_INT(run("serve"), 3, "without a secret");
	CHECK_HAS(said(), "secret: is not set", "why");
	configure("");
	chmod(t.config, 0644);
	CHECK_INT(run("serve"), 3, "a file that others may read");
}

static void root_does_not_serve_without_a_user_to_become(void)
{
	if (geteuid() != 0)
		return;
	configure("MERKATO_USER=\n");
	CHECK_INT(run("serve"), 3, "status");
	CHECK_HAS(said(), "started as root", "why");
}

/* Of a process: the words behind "name:" in /proc/PID/status. */
static char *status_of(int pid, const char *name)
{
	char *path = arena_fmt(tc->arena, "/proc/%d/status", pid);
	char *line = arena_alloc(tc->arena, 512);
	size_t n = strlen(name);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, 512, f))
		if (strncmp(line, name, n) == 0 && line[n] == ':') {
			fclose(f);
			return line + n + 1 + strspn(line + n + 1, " \t");
		}
	if (f)
		fclose(f);
	line[0] = '\0';
	return line;
}

static int a_worker(void)
{
	char *path = arena_fmt(tc->arena, "/proc/%d/task/%d/children",
	                       (int)t.pid, (int)t.pid);
	FILE *f = fopen(path, "re");
	int pid = 0;

	/* NOLINTNEXTLINE(cert-err34-c): the kernel wrote the number */
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static void workers_have_given_up_what_they_do_not_need(void)
{
	configure("");
	start();
	NEED_SOON(answers(t.fast), "it serves");
	int pid = a_worker();
	NEED_TRUE(pid > 0, "a worker");
	CHECK_HAS(status_of(pid, "NoNewPrivs"), "1", "no new privileges");
	if (geteuid() != 0)
		return;
	CHECK_LACKS(status_of(pid, "Uid"), "\t0", "not root");
	CHECK_TRUE(strncmp(status_of(pid, "Uid"), "0", 1) != 0, "not root");
	CHECK_HAS(status_of(pid, "CapEff"), "0000000000000000",
	          "no capabilities");
}

static void a_reload_with_faults_keeps_the_old_configuration(void)
{
	configure("");
	start();
	NEED_SOON(answers(t.fast), "it serves");
	configure("MERKATO_FAST_WORKERS=many\n");
	kill(t.pid, SIGHUP);
	CHECK_SOON(strstr(said(), "going on with the old one") != NULL,
	           "it says why");
	CHECK_SOON(answers(t.fast), "and still serves");
	int old = a_worker();
	configure("MERKATO_FAST_WORKERS=2\n");
	kill(t.pid, SIGHUP);
	CHECK_SOON(a_worker() != old, "new workers come");
	CHECK_SOON(answers(t.fast), "and serve with the new one");
}

/* As systemd makes them: bound under their final name. */
static int held_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	NEED_INT(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0, path);
	NEED_INT(listen(fd, 16), 0, path);
	return fd;
}

static void descriptors_of_systemd_are_served_and_left(void)
{
	struct stat st;

	configure("");
	int fast = held_socket(t.fast), slow = held_socket(t.slow);
	t.pid = fork();
	if (!t.pid) {
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "2", 1);
		/* Out of the way of where they belong. */
		int a = fcntl(slow, F_DUPFD, 20);
		int b = fcntl(fast, F_DUPFD, 20);
		dup2(a, 3);
		dup2(b, 4);
		become("serve");
	}
	CHECK_SOON(answers(t.fast), "fast is served");
	CHECK_SOON(answers(t.slow), "slow is served");
	kill(t.pid, SIGTERM);
	CHECK_INT(wait_for(t.pid), 0, "ends well");
	t.pid = 0;
	CHECK_INT(stat(t.fast, &st), 0, "the socket is systemd's");
	close(fast);
	close(slow);
}

static void a_socket_on_fd_0_is_served_without_a_word(void)
{
	struct listener l;

	configure("");
	NEED_TRUE(listen_open(&l, t.fast, ""), "a socket");
	pid_t pid = fork();
	if (!pid) {
		dup2(l.fd, 0);
		become(NULL);
	}
	CHECK_SOON(answers(t.fast), "it is served");
	kill(pid, SIGTERM);
	CHECK_INT(wait_for(pid), 0, "ends well");
	close(l.fd);
}

static const struct check_hooks hooks = { begin, end, NULL, after };

CHECK_MAIN_WITH("program", &hooks,
                TEST(a_wrong_configuration_stops_the_start_with_file_and_line),
                TEST(root_does_not_serve_without_a_user_to_become),
                TEST(workers_have_given_up_what_they_do_not_need),
                TEST(a_reload_with_faults_keeps_the_old_configuration),
                TEST(descriptors_of_systemd_are_served_and_left),
                TEST(a_socket_on_fd_0_is_served_without_a_word))
