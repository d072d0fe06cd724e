/*
 * The program's command line: one table says each command's name, arguments
 * and work; help, unknown words and exit statuses come out of it.
 */
#ifndef MERKATO_COMMANDS_H
#define MERKATO_COMMANDS_H

#include <stdbool.h>

/* Exit statuses, as the help tells them. */
enum {
	COMMAND_OK = 0,
	COMMAND_FAILED = 1, /* the work could not be done */
	COMMAND_USAGE = 2,  /* the command line is not right */
	COMMAND_CONFIG = 3  /* the configuration is not right */
};

/* What stands behind the command's name. Each function takes what it reads, so
 * that the rest can be refused. */
struct args {
	const struct command *command;
	char **words; /* NULL = taken */
	int n;
};

struct command {
	const char *name;    /* one or two words: "admin create" */
	const char *usage;   /* "EMAIL [--name NAME]"; "" if there is nothing */
	const char *summary; /* one line */
	const char *help;    /* more, for --help; NULL = nothing */
	bool is_bare;        /* runs without a configuration */
	int (*run)(struct args *a);
};

/* "--full" given? */
bool args_flag(struct args *a, const char *name);
/* "--accounts FILE" or "--accounts=FILE"; NULL if it was not given. */
const char *args_value(struct args *a, const char *name);
/* The next word that is no option; NULL if there is none. */
const char *args_word(struct args *a);
/* Whether all was taken and, if not NULL, needed was given: else says how the
 * command is used, and the command returns COMMAND_USAGE. */
bool args_end(struct args *a, const char *needed);

/*
 * Runs the command named by argv: options before it are --config FILE, --help
 * and --version. tables: NULL-terminated, each ends with a NULL name. Without
 * words, the command called fallback runs if it is not NULL.
 */
int commands_main(const struct command *const *tables, const char *fallback,
                  int argc, char **argv);
/* The configuration file in use; NULL = environment only. */
const char *commands_config(void);

#endif
