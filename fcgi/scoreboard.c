#include "config.h"

#include "fcgi/scoreboard.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fcgi/base/value.h"

/* A cache line each, so that workers do not slow each other down. */
struct seat {
	_Alignas(64) atomic_int pid;
	atomic_int pool;
	atomic_int state;
	_Atomic int64_t since_us;
	_Atomic uint64_t served;
	_Atomic uint64_t memory_kb;
};

/* Lives as long as the master and all it has forked. */
static struct {
	struct seat *seats;
	size_t n;
} board;

void scoreboard_create(size_t n_seats)
{
	void *p =
		mmap(NULL, n_seats * sizeof(struct seat),
	             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("merkato: shared memory");
		abort();
	}
	board.seats = p;
	board.n = n_seats;
}

size_t scoreboard_size(void)
{
	return board.n;
}

static struct seat *seat_at(int seat)
{
	if (seat < 0 || (size_t)seat >= board.n)
		return NULL;
	return &board.seats[seat];
}

int scoreboard_reserve(int pool)
{
	for (size_t i = 0; i < board.n; i++) {
		struct seat *s = &board.seats[i];

		if (atomic_load(&s->state) != SEAT_FREE)
			continue;
		atomic_store(&s->pool, pool);
		atomic_store(&s->served, 0);
		atomic_store(&s->memory_kb, 0);
		scoreboard_set((int)i, SEAT_STARTING);
		return (int)i;
	}
	return -1;
}

void scoreboard_seat_pid(int seat, pid_t pid)
{
	struct seat *s = seat_at(seat);

	if (s)
		atomic_store(&s->pid, pid);
}

void scoreboard_free(int seat)
{
	struct seat *s = seat_at(seat);

	if (!s)
		return;
	atomic_store(&s->pid, 0);
	scoreboard_set(seat, SEAT_FREE);
}

void scoreboard_set(int seat, enum seat_state state)
{
	struct seat *s = seat_at(seat);

	if (!s)
		return;
	/* The time first: a reader never sees a new state with an old time. */
	atomic_store_explicit(&s->since_us, when_ticks(), memory_order_release);
	atomic_store_explicit(&s->state, (int)state, memory_order_release);
}

void scoreboard_served(int seat, uint64_t n, uint64_t memory_kb)
{
	struct seat *s = seat_at(seat);

	if (!s)
		return;
	atomic_store_explicit(&s->served, n, memory_order_relaxed);
	if (memory_kb)
		atomic_store_explicit(&s->memory_kb, memory_kb,
		                      memory_order_relaxed);
}

bool scoreboard_read(size_t seat, struct seat_view *out)
{
	if (seat >= board.n)
		return false;
	struct seat *s = &board.seats[seat];

	out->state = (enum seat_state)atomic_load_explicit(
		&s->state, memory_order_acquire);
	out->since_us =
		atomic_load_explicit(&s->since_us, memory_order_acquire);
	out->pid = atomic_load(&s->pid);
	out->pool = atomic_load(&s->pool);
	out->served = atomic_load_explicit(&s->served, memory_order_relaxed);
	out->memory_kb =
		atomic_load_explicit(&s->memory_kb, memory_order_relaxed);
	return out->state != SEAT_FREE;
}
