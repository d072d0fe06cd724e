/*
 * The program: its commands, and `serve`, which ties what the marketplace does
 * to the processes that do it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/commands.h"
#include "fcgi/confine.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/listen.h"
#include "fcgi/master.h"
#include "fcgi/scoreboard.h"
#include "fcgi/worker.h"
#include "handlers/jobs.h"
#include "handlers/operations/operations.h"
#include "handlers/start.h"

static const struct worker_plan worker = {
	.handle = dispatch,
	.open = start_process,
	.close = end_process,
};

/* Faults are found in a child first, so that the master's own state is either
 * the old or the new one. */
static bool is_config_right(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(settings_load(commands_config()) && start_rooms()
		              ? EXIT_SUCCESS
		              : EXIT_FAILURE);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool reload(void)
{
	return is_config_right() && settings_load(commands_config()) &&
	       start_rooms();
}

/* A socket on fd 0 (mod_fcgid, spawn-fcgi, lighttpd): the web server is the
 * master, and keeps as many of us as it likes; timed work is cron's. */
static int serve_handed_over(void)
{
	struct listener l;

	listen_take(&l, STDIN_FILENO);
	if (!start_rooms() || !confine_user(settings->user))
		return COMMAND_CONFIG;
	scoreboard_create(1);
	metrics_create(1, routes_count());
	confine_process();
	return worker_serve(&worker, l.fd, scoreboard_reserve(POOL_FAST),
	                    (int)settings->slow_deadline_s);
}

static int command_serve(struct args *a)
{
	static const struct master_plan plan = {
		.worker = { dispatch, start_process, end_process },
		.jobs = jobs_serve,
		.reload = reload,
	};

	if (!args_end(a, ""))
		return COMMAND_USAGE;
	listen_close_others();
	if (geteuid() == 0 && !*settings->user) {
		fputs("configuration: user: started as root: name the user "
		      "that the workers are to be\n",
		      stderr);
		return COMMAND_CONFIG;
	}
	if (listen_is_socket(STDIN_FILENO))
		return serve_handed_over();
	if (!start_rooms())
		return COMMAND_CONFIG;
	if (!operations_is_migrated())
		return COMMAND_FAILED;
	scoreboard_create(master_seats());
	metrics_create(master_seats() + 1, routes_count());
	return master_serve(&plan);
}

static const struct command own[] = {
	{ .name = "serve",
	  .usage = "",
	  .summary =
	          "Answer requests: master, two pools of workers, job runner",
	  .help = "HUP reads the configuration again and replaces one worker "
	          "after the other.\n"
	          "TERM finishes what is at hand and queued, then ends.\n"
	          "A second serve takes the sockets over; end the first then.\n"
	          "With a FastCGI socket on fd 0 it is a single worker for it.",
	  .run = command_serve },
	{ NULL },
};

int main(int argc, char **argv)
{
	static const struct command *const tables[] = { own,
		                                        operations_commands,
		                                        NULL };
	/* As mod_fcgid and lighttpd start it: without a word. */
	const char *fallback = listen_is_socket(STDIN_FILENO) ? "serve" : NULL;

	return commands_main(tables, fallback, argc, argv);
}
