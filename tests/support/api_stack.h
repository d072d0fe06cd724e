/*
 * The running stack behind the front door, for tests that look beside the API:
 * its mails, its rows, its processes. Waiting is for a condition, with a limit.
 */
#ifndef MERKATO_API_STACK_H
#define MERKATO_API_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads dev.json again; skips the program when no stack is named. */
void stack_read(void);
void stack_close(void);

/* Asks until it holds, at most seconds: false when the time is over. */
bool wait_until(bool (*holds)(void *arg), void *arg, int seconds);

struct mail_found {
	const char *subject;
	const char *text; /* what follows the headers, all parts */
	const char *raw;
};
/* The newest message to the address whose text or subject has the word (NULL =
 * any), waited for; the test ends without one after 20 seconds. */
struct mail_found mail_to(const char *address, const char *word);
/* How many there are now. */
int mail_count(const char *address, const char *word);
/* The first address in the mail that contains part; the test ends without one.
 */
const char *mail_link(const struct mail_found *m, const char *part);
/* The value of a parameter in a link: "token". NULL = none. */
const char *link_value(const char *link, const char *name);

/* One value of a row, as text; NULL = no row or NULL. Values in the statement
 * are those that the test made itself: nothing is escaped. */
const char *peek(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int64_t peek_int(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Changes rows behind the application's back. */
void poke(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* mariadbd, memcached, merkato, nginx …; as dev.json says now. 0 = none. */
pid_t process_of(const char *name);
/* The merkato master's children, or those that mod_fcgid has started; their
 * number. */
size_t workers_of(pid_t *out, size_t max);
/* Kills it with the signal and waits until the stack has started another. */
void process_replace(const char *name, int signal);
/* Damage done while a test is at work, by a process of its own: damage says in
 * which step it is by damage_at(n), which returns when the test has come to its
 * n-th step (or further, or is over). */
void damage_begin(void (*damage)(void));
/* The test's side: one step more. */
void damage_step(void);
void damage_at(int n);
/* Waits for the damage to be done. */
void damage_end(void);
/* Until /readyz answers 200; false after seconds. */
bool wait_ready(int seconds);

/* How often people have been, or are to be, told this of a product. Events wait
 * in the outbox, then they have become notifications. */
int64_t times_told(const char *topic, const char *product);

#endif
