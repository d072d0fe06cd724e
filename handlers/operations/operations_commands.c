#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/dispatch.h"
#include "handlers/operations/operations.h"
#include "handlers/routes.h"
#include "handlers/start.h"

static int command_check_config(struct args *a)
{
	bool is_sample = args_flag(a, "--sample");

	if (!args_end(a, ""))
		return COMMAND_USAGE;
	if (is_sample) {
		settings_sample();
		return COMMAND_OK;
	}
	bool is_right = start_rooms();
	int weak = settings_print();
	return !is_right ? COMMAND_CONFIG : weak ? COMMAND_FAILED : COMMAND_OK;
}

const struct command operations_commands[] = {
	{ .name = "check-config",
	  .usage = "[--sample]",
	  .summary = "Print every setting, and which are weak",
	  .help = "--sample prints a commented file of all settings.\n"
	          "Exit status 1 = something is weak, 3 = serve would not start.",
	  .run = command_check_config },
	{ NULL },
};
