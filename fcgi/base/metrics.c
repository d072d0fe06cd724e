#include "config.h"

#include "fcgi/base/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fcgi/base/buf.h"

/* Upper bounds in microseconds; the last bucket is +Inf. */
static const struct {
	uint64_t us;
	const char *le;
} buckets[] = {
	{ 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" },
	{ 10000, "0.01" }, { 25000, "0.025" }, { 50000, "0.05" },
	{ 100000, "0.1" }, { 250000, "0.25" }, { 1000000, "1" },
	{ 5000000, "5" },
};
enum {
	N_BUCKETS = sizeof(buckets) / sizeof(*buckets),
	N_CLASSES = 5,
	LINE_BYTES = 64
};

typedef atomic_uint_fast64_t cell;

/* One route in one slot: answers by status class, and how long they took in
 * all. */
struct route_cells {
	cell by_class[N_CLASSES]; /* 1xx … 5xx */
	cell microseconds;
};

/* A slot is this, then N_BUCKETS + 1 histogram cells, then a route_cells for
 * each route; padded to a cache line. */
struct slot {
	cell counters[COUNTER_N];
	cell histogram[N_BUCKETS + 1];
	cell histogram_us;
	struct route_cells routes[];
};

/* Where to count; before metrics_create (tests, commands) in plain memory of
 * the process. */
static struct {
	char *base;
	size_t n_slots, n_routes, slot_bytes, mine;
} state;

static size_t slot_bytes(size_t n_routes)
{
	size_t n = sizeof(struct slot) + n_routes * sizeof(struct route_cells);

	return (n + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

void metrics_create(size_t n_slots, size_t n_routes)
{
	state.n_slots = n_slots;
	state.n_routes = n_routes;
	state.slot_bytes = slot_bytes(n_routes);
	state.mine = 0;
	void *p = mmap(NULL, n_slots * state.slot_bytes, PROT_READ | PROT_WRITE,
	               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		abort();
	state.base = p;
}

void metrics_take_slot(size_t slot)
{
	state.mine = slot < state.n_slots ? slot : 0;
}

static struct slot *slot_at(size_t i)
{
	if (!state.base)
		metrics_create(1, 0);
	return (struct slot *)(void *)(state.base + i * state.slot_bytes);
}

static void add(cell *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static uint64_t get(const cell *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void count(enum counter c)
{
	count_n(c, 1);
}

void count_n(enum counter c, uint64_t n)
{
	add(&slot_at(state.mine)->counters[c], n);
}

void count_request(size_t route, int status, int64_t us)
{
	struct slot *s = slot_at(state.mine);
	uint64_t took = us > 0 ? (uint64_t)us : 0;
	size_t b = 0;

	while (b < N_BUCKETS && took > buckets[b].us)
		b++;
	add(&s->histogram[b], 1);
	add(&s->histogram_us, took);
	if (route >= state.n_routes || status < 100 || status > 599) {
		add(&s->counters[COUNTER_REQUESTS_BAD], 1);
		return;
	}
	add(&s->routes[route].by_class[status / 100 - 1], 1);
	add(&s->routes[route].microseconds, took);
}

uint64_t counter_read(enum counter c)
{
	uint64_t sum = 0;

	slot_at(0);
	for (size_t i = 0; i < state.n_slots; i++)
		sum += get(&slot_at(i)->counters[c]);
	return sum;
}

static void head(struct buf *b, const char *name, const char *type,
                 const char *help)
{
	buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void seconds(struct buf *b, uint64_t us)
{
	buf_fmt(b, "%llu.%06llu\n", (unsigned long long)(us / 1000000),
	        (unsigned long long)(us % 1000000));
}

static void write_counters(struct buf *b)
{
	static const char *const names[COUNTER_N] = {
#define X(n, text, help) [COUNTER_##n] = text,
		COUNTER_TABLE(X)
#undef X
	};
	static const char *const helps[COUNTER_N] = {
#define X(n, text, help) [COUNTER_##n] = help,
		COUNTER_TABLE(X)
#undef X
	};

	for (size_t i = 0; i < COUNTER_N; i++) {
		head(b, names[i], "counter", helps[i]);
		buf_fmt(b, "%s %llu\n", names[i],
		        (unsigned long long)counter_read((enum counter)i));
	}
}

static uint64_t sum_class(size_t route, size_t class)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < state.n_slots; i++)
		sum += get(&slot_at(i)->routes[route].by_class[class]);
	return sum;
}

/* Series that were never counted are left out: the number of series stays
 * small. */
static void write_routes(struct buf *b,
                         void (*name)(size_t, const char **, const char **))
{
	const char *method, *path;

	head(b, "merkato_requests_total", "counter", "Requests answered");
	for (size_t r = 0; r < state.n_routes; r++) {
		name(r, &method, &path);
		for (size_t c = 0; c < N_CLASSES; c++) {
			uint64_t n = sum_class(r, c);

			if (n)
				buf_fmt(b,
				        "merkato_requests_total{method=\"%s\",route=\"%s\",status=\"%zuxx\"} %llu\n",
				        method, path, c + 1,
				        (unsigned long long)n);
		}
	}
	head(b, "merkato_request_seconds_by_route_total", "counter",
	     "Time spent answering, by route");
	for (size_t r = 0; r < state.n_routes; r++) {
		uint64_t us = 0;

		for (size_t i = 0; i < state.n_slots; i++)
			us += get(&slot_at(i)->routes[r].microseconds);
		if (!us)
			continue;
		name(r, &method, &path);
		buf_fmt(b,
		        "merkato_request_seconds_by_route_total{method=\"%s\",route=\"%s\"} ",
		        method, path);
		seconds(b, us);
	}
}

static void write_histogram(struct buf *b)
{
	uint64_t sum = 0, us = 0;

	head(b, "merkato_request_duration_seconds", "histogram",
	     "Time spent answering");
	for (size_t k = 0; k <= N_BUCKETS; k++) {
		for (size_t i = 0; i < state.n_slots; i++)
			sum += get(&slot_at(i)->histogram[k]);
		buf_fmt(b,
		        "merkato_request_duration_seconds_bucket{le=\"%s\"} %llu\n",
		        k < N_BUCKETS ? buckets[k].le : "+Inf",
		        (unsigned long long)sum);
	}
	for (size_t i = 0; i < state.n_slots; i++)
		us += get(&slot_at(i)->histogram_us);
	buf_puts(b, "merkato_request_duration_seconds_sum ");
	seconds(b, us);
	buf_fmt(b, "merkato_request_duration_seconds_count %llu\n",
	        (unsigned long long)sum);
}

void metrics_write(struct buf *b,
                   void (*name)(size_t, const char **, const char **))
{
	slot_at(0);
	write_counters(b);
	if (name)
		write_routes(b, name);
	write_histogram(b);
}

void metrics_gauge(struct buf *b, const char *name, const char *help,
                   double value)
{
	head(b, name, "gauge", help);
	buf_fmt(b, "%s %.15g\n", name, value);
}
