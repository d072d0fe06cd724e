#include "config.h"

#include "fcgi/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/base/settings.h"

/* Set once from the command line. */
static struct {
	const struct command *const *tables;
	const char *config;
} state;

const char *commands_config(void)
{
	return state.config;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

bool args_flag(struct args *a, const char *name)
{
	for (int i = 0; i < a->n; i++)
		if (a->words[i] && strcmp(a->words[i], name) == 0) {
			a->words[i] = NULL;
			return true;
		}
	return false;
}

const char *args_value(struct args *a, const char *name)
{
	size_t n = strlen(name);

	for (int i = 0; i < a->n; i++) {
		const char *word = a->words[i];

		if (!word || strncmp(word, name, n) != 0)
			continue;
		if (word[n] == '=') {
			a->words[i] = NULL;
			return word + n + 1;
		}
		if (!word[n] && i + 1 < a->n && a->words[i + 1]) {
			const char *value = a->words[i + 1];

			a->words[i] = a->words[i + 1] = NULL;
			return value;
		}
	}
	return NULL;
}

const char *args_word(struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		const char *word = a->words[i];

		if (!word || is_option(word))
			continue;
		a->words[i] = NULL;
		return word;
	}
	return NULL;
}

static void print_usage(FILE *f, const struct command *c)
{
	fprintf(f, "usage: merkato %s%s%s\n", c->name, *c->usage ? " " : "",
	        c->usage);
}

bool args_end(struct args *a, const char *needed)
{
	for (int i = 0; i < a->n; i++)
		if (a->words[i]) {
			fprintf(stderr, "merkato %s: what is %s?\n",
			        a->command->name, a->words[i]);
			print_usage(stderr, a->command);
			return false;
		}
	if (needed)
		return true;
	fprintf(stderr, "merkato %s: something is missing\n", a->command->name);
	print_usage(stderr, a->command);
	return false;
}

static void print_help(void)
{
	puts("usage: merkato [--config FILE] COMMAND\n\n"
	     "The marketplace's program. Commands:\n");
	for (const struct command *const *t = state.tables; *t; t++)
		for (const struct command *c = *t; c->name; c++)
			printf("  %-18s %s\n", c->name, c->summary);
	puts("\n`merkato COMMAND --help` says more of one.\n\n"
	     "The configuration is FILE, or what MERKATO_CONF names, or\n" //
	     MERKATO_CONF_FILE
	     " if it is there; environment variables go over it.\n"
	     "Exit status: 0 done, 1 failed, 2 wrong command line,\n"
	     "3 wrong configuration.");
}

static int print_command(const struct command *c)
{
	print_usage(stdout, c);
	printf("\n%s.\n", c->summary);
	if (c->help)
		printf("\n%s\n", c->help);
	return COMMAND_OK;
}

/* How many words of argv are the command's name; 0 = it is another. */
static int words_of(const struct command *c, int argc, char **argv)
{
	const char *name = c->name;

	for (int i = 0; i < argc; i++) {
		size_t n = strlen(argv[i]);

		if (strncmp(name, argv[i], n) != 0 || !n)
			return 0;
		if (!name[n])
			return i + 1;
		if (name[n] != ' ')
			return 0;
		name += n + 1;
	}
	return 0;
}

static const struct command *find(int argc, char **argv, int *n_words)
{
	for (const struct command *const *t = state.tables; *t; t++)
		for (const struct command *c = *t; c->name; c++) {
			*n_words = words_of(c, argc, argv);
			if (*n_words)
				return c;
		}
	return NULL;
}

static const char *find_config(const char *given)
{
	const char *named = getenv("MERKATO_CONF");

	if (given)
		return given;
	if (named)
		return *named ? named : NULL;
	return access(MERKATO_CONF_FILE, F_OK) == 0 ? MERKATO_CONF_FILE : NULL;
}

static int run(int argc, char **argv)
{
	int n = 0;
	const struct command *c = find(argc, argv, &n);

	if (!c) {
		fprintf(stderr,
		        "merkato: there is no command %s; see merkato --help\n",
		        argv[0]);
		return COMMAND_USAGE;
	}
	struct args a = { .command = c, .words = argv + n, .n = argc - n };
	if (args_flag(&a, "--help") || args_flag(&a, "-h"))
		return print_command(c);
	if (!c->is_bare && !settings_load(state.config))
		return COMMAND_CONFIG;
	return c->run(&a);
}

int commands_main(const struct command *const *tables, const char *fallback,
                  int argc, char **argv)
{
	const char *given = NULL;
	int i = 1;

	state.tables = tables;
	for (; i < argc && is_option(argv[i]); i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			print_help();
			return COMMAND_OK;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("merkato " PACKAGE_VERSION " (" MERKATO_REVISION
			     ")");
			return COMMAND_OK;
		}
		if (strncmp(argv[i], "--config=", 9) == 0) {
			given = argv[i] + 9;
		} else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
			given = argv[++i];
		} else {
			fprintf(stderr, "merkato: what is %s?\n", argv[i]);
			return COMMAND_USAGE;
		}
	}
	state.config = find_config(given);
	if (i < argc)
		return run(argc - i, argv + i);
	if (fallback) {
		char *words[2] = { NULL, NULL };
		char name[32];

		snprintf(name, sizeof(name), "%s", fallback);
		words[0] = name;
		return run(1, words);
	}
	print_help();
	return COMMAND_USAGE;
}
