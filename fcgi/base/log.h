/* One JSON line an event, one write(2) of at most 4,096 bytes to fd 2 or the
 * log file. Never secrets, bodies or raw paths. */
#ifndef MERKATO_LOG_H
#define MERKATO_LOG_H

#include <stdint.h>

enum log_level { LOG_DEBUG_, LOG_INFO_, LOG_WARN_, LOG_ERROR_ };

/* path NULL or "" = fd 2. Called again on HUP. */
void log_open(const char *path, enum log_level least);
/* Where lines go: for signal handlers. */
int log_fd(void);
/* The id that every further line of this process carries; NULL = none. */
void log_request(const char *request_id);
void log_line(enum log_level level, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define log_error(what, ...) log_line(LOG_ERROR_, (what), __VA_ARGS__)
#define log_warn(what, ...) log_line(LOG_WARN_, (what), __VA_ARGS__)
#define log_info(what, ...) log_line(LOG_INFO_, (what), __VA_ARGS__)
#define log_debug(what, ...) log_line(LOG_DEBUG_, (what), __VA_ARGS__)

/* The line of one request. address is cut to /24 or /48 here. */
struct log_access {
	const char *request_id, *method, *route, *address, *user;
	int status;
	int64_t us;
	int64_t bytes;
	int n_statements;
};
void log_access(const struct log_access *l);

#endif
