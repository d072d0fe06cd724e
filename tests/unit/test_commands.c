#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/base/settings.h"
#include "fcgi/commands.h"
#include "tests/support/check.h"

/* What the last command was given. */
static struct {
	bool full;
	const char *file, *word;
	int runs;
} got;

static int run_paint(struct args *a)
{
	got.full = args_flag(a, "--full");
	got.file = args_value(a, "--file");
	got.word = args_word(a);
	if (!args_end(a, got.word))
		return COMMAND_USAGE;
	got.runs++;
	return COMMAND_OK;
}

static int run_paint_over(struct args *a)
{
	got.runs += 100;
	return args_end(a, "") ? COMMAND_FAILED : COMMAND_USAGE;
}

static const struct command paints[] = {
	{ .name = "paint",
	  .usage = "COLOUR [--full] [--file FILE]",
	  .summary = "Paint it",
	  .is_bare = true,
	  .run = run_paint },
	{ .name = "over paint",
	  .usage = "",
	  .summary = "Paint it again",
	  .is_bare = true,
	  .run = run_paint_over },
	{ .name = "wash",
	  .usage = "",
	  .summary = "Wash the brush",
	  .is_bare = true,
	  .run = run_paint_over },
	{ NULL },
};

/* Runs words (NULL-terminated) with both outputs in a file, whose text is
 * *out. */
static int run(const char *const *words, const char *fallback, char **out)
{
	static const struct command *const tables[] = { paints, NULL };
	char *argv[16] = { arena_strdup(tc->arena, "merkato") };
	int argc = 1;
	FILE *f = tmpfile();
	int saved[2] = { dup(1), dup(2) };

	for (; *words; words++)
		argv[argc++] = arena_strdup(tc->arena, *words);
	memset(&got, 0, sizeof(got));
	fflush(stdout);
	dup2(fileno(f), 1);
	dup2(fileno(f), 2);
	int status = commands_main(tables, fallback, argc, argv);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		dup2(saved[i], i + 1);
		close(saved[i]);
	}
	long n = ftell(f);
	rewind(f);
	*out = arena_alloc(tc->arena, (size_t)n + 1);
	if (fread(*out, 1, (size_t)n, f) != (size_t)n)
		status = -1;
	fclose(f);
	return status;
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void words_and_options_reach_the_command(void)
{
	char *out;

	CHECK_INT(run(WORDS("paint", "--full", "blue", "--file", "a.txt"), NULL,
	              &out),
	          COMMAND_OK, "status");
	CHECK_TRUE(got.full, "flag");
	CHECK_TEXT(got.word, "blue", "word");
	CHECK_TEXT(got.file, "a.txt", "value");
	CHECK_INT(run(WORDS("paint", "--file=b.txt", "red"), NULL, &out),
	          COMMAND_OK, "with =");
	CHECK_TEXT(got.file, "b.txt", "value after =");
	CHECK_INT(run(WORDS("over", "paint"), NULL, &out), COMMAND_FAILED,
	          "a name of two words");
	CHECK_INT(got.runs, 100, "was run");
}

static void what_is_wrong_is_said_and_nothing_runs(void)
{
	static const struct {
		const char *const words[4];
		const char *says;
	} cases[] = {
		{ { "dance" }, "there is no command dance" },
		{ { "over" }, "there is no command over" },
		{ { "paint" }, "something is missing" },
		{ { "paint", "blue", "green" }, "what is green?" },
		{ { "paint", "blue", "--fast" }, "what is --fast?" },
		{ { "--shout", "paint", "blue" }, "what is --shout?" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *out;

		CHECK_INT(run(cases[i].words, NULL, &out), COMMAND_USAGE,
		          cases[i].says);
		CHECK_HAS(out, cases[i].says, "message");
		CHECK_INT(got.runs, 0, "nothing ran");
	}
}

static void help_shows_every_command(void)
{
	char *out;

	CHECK_INT(run(WORDS("--help"), NULL, &out), COMMAND_OK, "status");
	CHECK_HAS(out, "Paint it again", "each summary");
	CHECK_INT(run(WORDS("over", "paint", "--help"), NULL, &out), COMMAND_OK,
	          "of one");
	CHECK_HAS(out, "usage: merkato over paint", "its usage");
	CHECK_INT(got.runs, 0, "nothing ran");
}

static void without_a_word_the_fallback_runs(void)
{
	char *out;

	CHECK_INT(run(WORDS(NULL), "wash", &out), COMMAND_FAILED, "status");
	CHECK_INT(got.runs, 100, "was run");
	CHECK_INT(run(WORDS(NULL), NULL, &out), COMMAND_USAGE, "none");
	CHECK_HAS(out, "usage: merkato", "help is shown");
}

/* `make sample` writes the file anew. */
static void the_sample_configuration_names_every_setting(void)
{
	FILE *f = tmpfile();
	int saved = dup(1);
	size_t n;

	fflush(stdout);
	dup2(fileno(f), 1);
	settings_sample();
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	n = (size_t)ftell(f);
	rewind(f);
	char *sample = arena_alloc(tc->arena, n + 1);
	NEED_INT(fread(sample, 1, n, f), n, "what is printed");
	fclose(f);
	CHECK_TRUE(strcmp(check_file("etc/merkato.conf", NULL), sample) == 0,
	           "etc/merkato.conf is what `merkato check-config --sample` "
	           "prints: run `make sample`");
}

CHECK_MAIN("commands", TEST(words_and_options_reach_the_command),
           TEST(what_is_wrong_is_said_and_nothing_runs),
           TEST(help_shows_every_command),
           TEST(without_a_word_the_fallback_runs),
           TEST(the_sample_configuration_names_every_setting))
