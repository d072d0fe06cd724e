/*
 * Slots for password hashing: max(1, cores / 2) for the whole host, so that a
 * flood of logins leaves processors for the listings. They are robust mutexes
 * in memory shared before fork: the kernel frees one whose owner dies.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	SLOTS_MAX = 64,
	WAIT_US = 250000,
	STEP_NS = 4000000,
};

struct slot {
	pthread_mutex_t mutex;
};

/* As long as the process; the memory is shared with its children. */
static struct {
	struct slot *all;
	long n;
} slots;

void accounts_start(void)
{
	pthread_mutexattr_t a;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (slots.all)
		return;
	slots.n = cores / 2 < 1 ? 1 : cores / 2;
	slots.n = slots.n > SLOTS_MAX ? SLOTS_MAX : slots.n;
	void *p =
		mmap(NULL, sizeof(struct slot) * (size_t)slots.n,
	             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || pthread_mutexattr_init(&a) ||
	    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED) ||
	    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST))
		abort();
	slots.all = p;
	for (long i = 0; i < slots.n; i++)
		if (pthread_mutex_init(&slots.all[i].mutex, &a))
			abort();
	pthread_mutexattr_destroy(&a);
}

static bool try_slot(struct slot *s)
{
	int e = pthread_mutex_trylock(&s->mutex);

	/* Its last owner died while hashing: nothing was half done. */
	if (e == EOWNERDEAD)
		return pthread_mutex_consistent(&s->mutex) == 0;
	return e == 0;
}

struct slot *slot_take(void)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	int64_t until = when_ticks() + WAIT_US;

	accounts_start();
	for (;;) {
		for (long i = 0; i < slots.n; i++)
			if (try_slot(&slots.all[i]))
				return &slots.all[i];
		if (when_ticks() >= until)
			return NULL;
		nanosleep(&step, NULL);
	}
}

void slot_give(struct slot *s)
{
	pthread_mutex_unlock(&s->mutex);
}
