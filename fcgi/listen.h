/*
 * Listening sockets: made under a temporary name and renamed into place, so
 * that a new master takes a path over without a gap, or handed over by the
 * supervisor (systemd, spawn-fcgi).
 */
#ifndef MERKATO_LISTEN_H
#define MERKATO_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

struct listener {
	const char *path;
	int fd;
	bool is_inherited; /* held by somebody else too: never unlinked */
	dev_t device;      /* of the path's inode while it is ours */
	ino_t inode;
};

/* Opens a unix socket with mode 0660 for that group ("" = as created), or takes
 * the one that systemd handed over for path. Non-blocking. False with a message
 * on stderr. */
bool listen_open(struct listener *l, const char *path, const char *group);
/* Takes over a listening descriptor such as 0. */
void listen_take(struct listener *l, int fd);
/* Whether fd is a listening stream socket. */
bool listen_is_socket(int fd);
/* Whether it is one that Apache's mod_fcgid made for this process alone: it
 * names them <its pid>.<number>. */
bool listen_is_of_mod_fcgid(int fd);
/* Removes the path if it is still ours; a newer master's is left alone. */
void listen_unlink(const struct listener *l);
/* Closes every descriptor above 2 but those that systemd handed over. */
void listen_close_others(void);

#endif
