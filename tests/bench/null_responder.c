/*
 * The least that a FastCGI responder can do, 200 bytes from four workers: what
 * the bench compares with. Accepts as the product does: non-blocking socket,
 * one waiter woken for each connection, detached close.
 *
 *	null_responder SOCKET
 */
#include "config.h"

#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

enum { WORKERS = 4, BACKLOG = 1024, BODY = 200 };

static int open_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    chmod(path, 0666) || listen(fd, BACKLOG)) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return fd;
}

static void answer(FCGX_Request *r, const char *text, int n)
{
	char waste[512];

	FCGX_PutStr(text, n, r->out);
	while (FCGX_GetStr(waste, sizeof(waste), r->in) > 0)
		;
	FCGX_Detach(r);
	FCGX_Finish_r(r);
}

static void work(int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int poll = epoll_create1(EPOLL_CLOEXEC);
	char body[BODY + 1], text[512];
	FCGX_Request r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	memset(body, 'x', BODY);
	body[BODY] = '\0';
	int n = snprintf(text, sizeof(text),
	                 "Status: 200 OK\r\nContent-Type: text/plain\r\n"
	                 "Content-Length: %d\r\n\r\n%s",
	                 BODY, body);
	if (FCGX_Init() || FCGX_InitRequest(&r, fd, FCGI_FAIL_ACCEPT_ON_INTR) ||
	    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e))
		exit(EXIT_FAILURE);
	for (;;)
		if (epoll_wait(poll, &e, 1, -1) == 1 && FCGX_Accept_r(&r) == 0)
			answer(&r, text, n);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: null_responder SOCKET\n", stderr);
		return 2;
	}
	int fd = open_socket(argv[1]);
	for (int i = 0; i < WORKERS; i++)
		if (fork() == 0)
			work(fd);
	while (wait(NULL) > 0)
		;
	return EXIT_FAILURE;
}
