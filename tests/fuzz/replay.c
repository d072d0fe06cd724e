#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/*
 * main for builds without libFuzzer: every seed as it is, cut off at every
 * length, and changed a few thousand times by a fixed generator. The sanitizers
 * judge; the numbers say that something was run.
 */

enum { SEED_MAX = 65536, CHANGES = 3000 };

static uint32_t state = 1;

/* Marsaglia, "Xorshift RNGs" (2003). */
static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Exactly n bytes on the heap, so that reading behind them is seen. */
static void run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	if (n)
		memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void run_changed(const uint8_t *seed, size_t n)
{
	static const char marks[] = "\"\\{}[]:,;=&%+-\r\n\0.\xff\xe1_A0";
	static uint8_t data[SEED_MAX];

	for (int i = 0; i < CHANGES && n; i++) {
		memcpy(data, seed, n);
		for (uint32_t k = next_random() % 4 + 1; k; k--)
			data[next_random() % n] =
				next_random() % 2
					? (uint8_t)marks[next_random() %
			                                 sizeof(marks)]
					: (uint8_t)next_random();
		run(data, n);
	}
}

static int run_file(const char *path)
{
	static uint8_t seed[SEED_MAX];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return 0;
	}
	size_t n = fread(seed, 1, sizeof(seed), f);
	fclose(f);
	run(seed, n);
	for (size_t cut = 0; cut < n && cut < 4096; cut++)
		run(seed, cut);
	run_changed(seed, n);
	return 1;
}

static int run_directory(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		char file[4096];

		if (e->d_name[0] == '.')
			continue;
		int length =
			snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (length > 0 && (size_t)length < sizeof(file))
			n += run_file(file);
	}
	if (dir)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	const char *name = strrchr(argv[0], '_');
	char path[4096];
	int n = 0;

	for (int i = 1; i < argc; i++)
		n += run_file(argv[i]);
	if (argc == 1 && name) {
		snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s",
		         top ? top : ".", name + 1);
		n = run_directory(path);
	}
	printf("%d seeds, each cut and changed\n", n);
	return n ? 0 : 1;
}
