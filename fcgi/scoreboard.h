/*
 * Who sits where: one seat for each process in shared memory made before fork.
 * Workers write their own seat, the master reads all of them (deadlines) and
 * /metrics shows them. A seat's number is also its process's metrics slot.
 */
#ifndef MERKATO_SCOREBOARD_H
#define MERKATO_SCOREBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum seat_state { SEAT_FREE, SEAT_STARTING, SEAT_IDLE, SEAT_BUSY };

/* The job runner's place among the pools. */
#define SEAT_JOBS (-1)

struct seat_view {
	pid_t pid;
	int pool; /* enum pool, or SEAT_JOBS */
	enum seat_state state;
	int64_t since_us; /* when_ticks() when the state began */
	uint64_t served;  /* requests of this process */
	uint64_t memory_kb;
};

/* Before fork; aborts without memory. Without it there are no seats. */
void scoreboard_create(size_t n_seats);
size_t scoreboard_size(void);
/* A seat that nobody uses, marked SEAT_STARTING for that pool; -1 = full. */
int scoreboard_reserve(int pool);
void scoreboard_seat_pid(int seat, pid_t pid);
void scoreboard_free(int seat);
/* In a process with a seat: what it is doing now. seat -1 is nobody's. */
void scoreboard_set(int seat, enum seat_state state);
void scoreboard_served(int seat, uint64_t n, uint64_t memory_kb);
bool scoreboard_read(size_t seat, struct seat_view *out);

#endif
