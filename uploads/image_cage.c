#include "config.h"

#include "uploads/image_cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uploads/magick.h"
#include "uploads/sniff.h"

enum {
	SECONDS_MAX = 20,
	ADDRESS_SPACE = 640 << 20, /* 25 MP take 200 MB, libraries 150 */
	FILE_SIZE = 512 << 20
};

static bool limit(int what, rlim_t most)
{
	struct rlimit l = { most, most };

	return !setrlimit((__rlimit_resource_t)what, &l) || errno == EPERM;
}

bool cage_limits(void)
{
	bool all = true;

	if (close_range(3, ~0U, 0))
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
	all &= limit(RLIMIT_CORE, 0);
	all &= limit(RLIMIT_CPU, SECONDS_MAX);
	all &= limit(RLIMIT_FSIZE, FILE_SIZE);
#ifndef MERKATO_SANITIZE
	/* The address sanitizer maps terabytes. */
	all &= limit(RLIMIT_AS, ADDRESS_SPACE);
#endif
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	alarm(SECONDS_MAX + 5);
	if (nice(10) < 0 && errno)
		errno = 0;
	return all;
}

/* Only four coders may read or write, nothing else may happen at all. Debian's
 * own policy leaves SVG, MVG, MSL and TEXT open. */
static const char policy[] =
	"<policymap>\n"
	"<policy domain=\"delegate\" rights=\"none\" pattern=\"*\"/>\n"
	"<policy domain=\"filter\" rights=\"none\" pattern=\"*\"/>\n"
	"<policy domain=\"path\" rights=\"none\" pattern=\"*\"/>\n"
	"<policy domain=\"coder\" rights=\"none\" pattern=\"*\"/>\n"
	"<policy domain=\"coder\" rights=\"read|write\" "
	"pattern=\"{JPEG,PNG,WEBP,GIF}\"/>\n"
	"</policymap>\n";

static const char *const wanted[] = { "JPEG", "PNG", "WEBP", "GIF" };
static const char *const unwanted[] = { "SVG",  "MVG",   "MSL",      "TEXT",
	                                "URL",  "HTTPS", "PDF",      "PS",
	                                "XC",   "LABEL", "CAPTION",  "TIFF",
	                                "HEIC", "BMP",   "EPHEMERAL" };

static bool is_open_to(const char *coder)
{
	return IsRightsAuthorized(CoderPolicyDomain, ReadPolicyRights, coder) !=
	               MagickFalse ||
	       IsRightsAuthorized(CoderPolicyDomain, WritePolicyRights,
	                          coder) != MagickFalse;
}

/* What counts is what the library would do, not what it was told. */
static bool has_policy(void)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!is_open_to(wanted[i]))
			return false;
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		if (is_open_to(unwanted[i]))
			return false;
	return true;
}

static bool tell_library(void)
{
	ExceptionInfo *e = AcquireExceptionInfo();
	bool taken = SetMagickSecurityPolicy(policy, e) != MagickFalse;

	DestroyExceptionInfo(e);
	return taken;
}

static bool write_policy(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	ssize_t n = write(fd, policy, sizeof(policy) - 1);
	return !close(fd) && n == (ssize_t)sizeof(policy) - 1;
}

/* The library reads the first policy.xml of its path before the system's. */
static bool start_by_file(void)
{
	char dir[] = "/tmp/merkato-image-XXXXXX", path[64];

	if (!mkdtemp(dir))
		return false;
	snprintf(path, sizeof(path), "%s/policy.xml", dir);
	bool done = write_policy(path);
	setenv("MAGICK_CONFIGURE_PATH", dir, 1);
	MagickWandGenesis();
	/* The question has it read the file. */
	done = done && has_policy();
	unlink(path);
	rmdir(dir);
	return done;
}

/* Coders are modules that are loaded when they are first named: now, since
 * later no code may be loaded. */
static void load_coders(void)
{
	ExceptionInfo *e = AcquireExceptionInfo();

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		(void)GetMagickInfo(wanted[i], e);
	DestroyExceptionInfo(e);
}

bool cage_library(bool by_file)
{
	bool done = false;

	if (!by_file) {
		MagickWandGenesis();
		done = tell_library() && has_policy();
		if (!done)
			MagickWandTerminus();
	}
	if (!done && !start_by_file())
		return false;
	load_coders();
	MagickSetResourceLimit(ThreadResource, 1);
	MagickSetResourceLimit(WidthResource, PICTURE_SIDE_MAX);
	MagickSetResourceLimit(HeightResource, PICTURE_SIDE_MAX);
	MagickSetResourceLimit(ListLengthResource, 2);
	MagickSetResourceLimit(MemoryResource, 256ULL << 20);
	MagickSetResourceLimit(MapResource, 0);
	MagickSetResourceLimit(DiskResource, 0);
	return true;
}

/*
 * System calls by number, as a program for the kernel's filter (seccomp(2),
 * linux/filter.h). What is not listed fails with EPERM, as if the file or the
 * right were missing: a library that asks for more than expected goes on
 * without it.
 */
static const int allowed[] = {
	SYS_read,
	SYS_write,
	SYS_close,
	SYS_fstat,
	SYS_lseek,
	SYS_munmap,
	SYS_mremap,
	SYS_brk,
	SYS_madvise,
	SYS_futex,
	SYS_exit,
	SYS_exit_group,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	SYS_times,
	SYS_getrusage,
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getcwd,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_tgkill,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_sysinfo,
	SYS_uname,
	SYS_getrandom,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_pread64,
	SYS_readv,
	SYS_writev,
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_statx
	SYS_statx,
#endif
#ifdef SYS_stat
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_readlink,
#endif
};

#if defined(__x86_64__)
#define CAGE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CAGE_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef CAGE_ARCH

enum { N_ALLOWED = sizeof(allowed) / sizeof(*allowed) };

/* A program in the making. */
struct filter {
	struct sock_filter code[2 * N_ALLOWED + 32];
	unsigned short n;
};

static void put(struct filter *f, unsigned short code, uint32_t k, uint8_t yes,
                uint8_t no)
{
	f->code[f->n++] = (struct sock_filter){ code, yes, no, k };
}

static void load(struct filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct filter *f, uint32_t what)
{
	put(f, BPF_RET | BPF_K, what, 0, 0);
}

enum { REFUSED = (int)(SECCOMP_RET_ERRNO | EPERM) };

/* The call only if none of these bits is in an argument (its low half: flags
 * have no more). */
static void allow_without(struct filter *f, int call, int argument,
                          uint32_t bits)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4);
	load(f, offsetof(struct seccomp_data, args) +
	                (size_t)argument * sizeof(uint64_t));
	put(f, BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0);
	answer(f, SECCOMP_RET_ALLOW);
	answer(f, (uint32_t)REFUSED);
}

bool cage_calls(void)
{
	struct filter f = { .n = 0 };

	load(&f, offsetof(struct seccomp_data, arch));
	put(&f, BPF_JMP | BPF_JEQ | BPF_K, CAGE_ARCH, 1, 0);
	answer(&f, SECCOMP_RET_KILL_PROCESS);
	load(&f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < N_ALLOWED; i++) {
		put(&f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], 0, 1);
		answer(&f, SECCOMP_RET_ALLOW);
	}
	/* Nothing to write into, nothing new to run. */
	allow_without(&f, SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC);
	allow_without(&f, SYS_mmap, 2, PROT_EXEC);
	allow_without(&f, SYS_mprotect, 2, PROT_EXEC);
	answer(&f, (uint32_t)REFUSED);
	struct sock_fprog program = { .len = f.n, .filter = f.code };
	return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

bool cage_calls(void)
{
	return false;
}

#endif

static bool runs_programs(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	char *const env[] = { NULL };

	/* Only comes back when it fails. */
	execve("/bin/true", argv, env);
	return errno != EPERM;
}

/* What is opened here is closed by the end of the process. */
static bool is_open(int fd)
{
	return fd >= 0;
}

static bool connects(void)
{
	return is_open(socket(AF_INET, SOCK_STREAM, 0)) ||
	       is_open(socket(AF_UNIX, SOCK_STREAM, 0));
}

static bool writes_files(void)
{
	return is_open(open("/tmp/merkato-image-probe", O_WRONLY | O_CREAT,
	                    0600)) ||
	       is_open(open("/dev/null", O_RDWR));
}

static bool makes_processes(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return pid > 0;
}

static bool makes_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool is_made = page != MAP_FAILED;

	if (is_made)
		munmap(page, 4096);
	return is_made;
}

static bool reads_markup(void)
{
	static const char svg[] = "<svg xmlns=\"http://www.w3.org/2000/svg\" "
				  "width=\"20\" height=\"20\"/>";
	MagickWand *w = NewMagickWand();
	bool read = MagickSetFormat(w, "SVG") != MagickFalse &&
	            MagickReadImageBlob(w, svg, sizeof(svg) - 1) != MagickFalse;

	DestroyMagickWand(w);
	return read;
}

int cage_try(void)
{
	static const struct {
		const char *what;
		bool (*works)(void);
	} tries[] = {
		{ "decodes SVG", reads_markup },
		{ "opens connections", connects },
		{ "writes files", writes_files },
		{ "makes processes", makes_processes },
		{ "maps new code", makes_code },
		{ "runs programs", runs_programs },
	};
	int n = 0;

	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
		bool works = tries[i].works();

		printf("%s: %s\n", tries[i].what, works ? "YES" : "no");
		n += works;
	}
	fflush(stdout);
	return n;
}
