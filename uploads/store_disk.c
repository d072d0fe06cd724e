/* Files in data_dir/media (served by the web server) and data_dir/private. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "uploads/store.h"

static enum rc cannot(struct ctx *c, const char *what, const char *path)
{
	log_error("store", "%s %s: %s", what, path, strerror(errno));
	return fail(c, RC_UNAVAILABLE, "no_store",
	            "Files cannot be kept at the moment.");
}

static const char *path_of(struct ctx *c, enum area area, const char *key)
{
	return arena_fmt(c->arena, "%s/%s/%s", settings->data_dir,
	                 area == AREA_PUBLIC ? "media" : "private", key);
}

/* Makes the directories above path, as far as they are missing. */
static bool make_parents(struct ctx *c, const char *path)
{
	char *part = arena_strdup(c->arena, path);

	for (char *slash = strchr(part + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0750) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return true;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* The name is durable when its directory is. */
static bool sync_parent(struct ctx *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	int fd = open(arena_strndup(c->arena, path, (size_t)(slash - path)),
	              O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool done = fsync(fd) == 0;
	close(fd);
	return done;
}

static bool write_file(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);

	if (fd < 0)
		return false;
	bool done = write_all(fd, p, n) && fsync(fd) == 0;
	/* A full disk may show only here. */
	return close(fd) == 0 && done;
}

static enum rc disk_put(struct ctx *c, enum area area, const char *key,
                        const char *type, const void *p, size_t n)
{
	/* The type follows from the name, which is ours. */
	(void)type;
	const char *path = path_of(c, area, key);
	const char *slash = strrchr(path, '/');
	/* Hidden until it is whole. */
	const char *part = arena_fmt(c->arena, "%.*s/.%s", (int)(slash - path),
	                             path, random_token(c->arena, 12));

	if (!store_is_key(key))
		return fail(c, RC_INTERNAL, "bad_key", "Not a key: %s", key);
	if (!make_parents(c, path))
		return cannot(c, "directory of", path);
	if (!write_file(part, p, n) || rename(part, path) ||
	    !sync_parent(c, path)) {
		enum rc rc = cannot(c, "write", path);

		unlink(part);
		return rc;
	}
	return RC_OK;
}

static enum rc disk_open(struct ctx *c, enum area area, const char *key,
                         int *fd)
{
	if (!store_is_key(key))
		return RC_NOT_FOUND;
	const char *path = path_of(c, area, key);
	int opened = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (opened < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
		               ? RC_NOT_FOUND
		               : cannot(c, "open", path);
	struct stat st;
	if (fstat(opened, &st) || !S_ISREG(st.st_mode)) {
		close(opened);
		return RC_NOT_FOUND;
	}
	*fd = opened;
	return RC_OK;
}

static enum rc disk_get(struct ctx *c, enum area area, const char *key,
                        const char **p, size_t *n)
{
	struct stat st;
	int fd = -1;

	enum rc rc = disk_open(c, area, key, &fd);
	if (rc)
		return rc;
	size_t have = 0, size = fstat(fd, &st) ? 0 : (size_t)st.st_size;
	char *out = arena_alloc(c->arena, size + 1);
	while (have < size) {
		ssize_t got = read(fd, out + have, size - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	if (have < size)
		rc = cannot(c, "read", key);
	close(fd);
	*p = out;
	*n = have;
	return rc;
}

static enum rc disk_drop(struct ctx *c, enum area area, const char *key)
{
	const char *path = path_of(c, area, key);

	if (!store_is_key(key))
		return fail(c, RC_INTERNAL, "bad_key", "Not a key: %s", key);
	if (unlink(path) && errno != ENOENT && errno != ENOTDIR)
		return cannot(c, "remove", path);
	/* The directory of a product goes with its last file. */
	char *parent = arena_strdup(c->arena, path);
	*strrchr(parent, '/') = '\0';
	if (strchr(key, '/'))
		rmdir(parent);
	return RC_OK;
}

const struct store store_disk = { .name = "disk",
	                          .put = disk_put,
	                          .get = disk_get,
	                          .drop = disk_drop,
	                          .open = disk_open };
