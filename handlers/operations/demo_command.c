#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "handlers/discovery/discovery.h"
#include "handlers/operations/demo.h"
#include "handlers/operations/operations_inside.h"

/* What the command line asked for; one command a process. */
static struct {
	const struct demo_size *size;
	FILE *accounts;
} asked;

static void put_accounts(struct buf *b, const struct demo_account *all,
                         size_t n)
{
	buf_puts(b, "{\n");
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, "  ");
		buf_json(b, all[i].key);
		buf_puts(b, ": {\"email\": ");
		buf_json(b, all[i].email);
		buf_puts(b, ", \"password\": ");
		buf_json(b, all[i].password);
		buf_puts(b, i + 1 < n ? "},\n" : "}\n");
	}
	buf_puts(b, "}\n");
}

static enum rc run_demo(struct ctx *c, struct args *a)
{
	struct demo_account *accounts;
	struct buf b;
	size_t n;
	enum rc rc = demo_load(c, asked.size, &accounts, &n);

	(void)a;
	if (rc)
		return rc;
	buf_init(&b, c->arena, 1024);
	put_accounts(&b, accounts, n);
	int64_t n_found = 0;
	if (fwrite(b.s, 1, b.n, asked.accounts) == b.n &&
	    fflush(asked.accounts) == 0)
		return discovery_rebuild_server(c, &n_found);
	return fail(c, RC_INTERNAL, "not_written",
	            "the accounts could not be written: %s", strerror(errno));
}

/* Only the owner may read the passwords. */
static FILE *open_accounts(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		fprintf(stderr, "merkato demo: %s: %s\n", path,
		        strerror(errno));
	return fd < 0 ? NULL : fdopen(fd, "w");
}

int command_demo(struct args *a)
{
	const char *size = args_value(a, "--size");
	const char *path = args_value(a, "--accounts");

	if (args_flag(a, "--full"))
		size = "full";
	if (args_flag(a, "--million"))
		size = "million";
	asked.size = demo_size_find(size ? size : "small");
	if (!asked.size) {
		fprintf(stderr, "merkato demo: there is no size %s\n", size);
		return COMMAND_USAGE;
	}
	if (!args_end(a, ""))
		return COMMAND_USAGE;
	asked.accounts = path ? open_accounts(path) : stdout;
	if (!asked.accounts)
		return COMMAND_FAILED;
	int status = operations_work(run_demo, a);
	if (path)
		fclose(asked.accounts);
	return status;
}
