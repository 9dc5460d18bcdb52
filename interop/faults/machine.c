/* A library for LD_PRELOAD that changes the boot id and the clocks that a program reads. The environment variable
 * MACHINE_BOOT_ID contains the path of a file that is opened instead of the kernel's boot id. MACHINE_CLOCK contains
 * the path of a file with two signed 64-bit numbers of seconds in native byte order: the first number is added to the wall
 * clock, the second to the boot-time clock. The numbers may change while the program runs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Declares `real`, a pointer to libc's function `name`. */
#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static const int64_t *offsets;

static int real_open(const char *path, int flags, mode_t mode) {
    REAL(int, "open", const char *, int, ...);
    return real(path, flags, mode);
}

__attribute__((constructor)) static void map_clock(void) {
    const char *path = getenv("MACHINE_CLOCK");
    int fd = path ? real_open(path, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd < 0) return;
    void *page = mmap(NULL, 2 * sizeof *offsets, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) offsets = page;
    close(fd);
}

enum { WALL, BOOT };

static int64_t seconds(int of) { return offsets ? __atomic_load_n(&offsets[of], __ATOMIC_RELAXED) : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(clock, now);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += seconds(WALL);
    if (!result && clock == CLOCK_BOOTTIME) now->tv_sec += seconds(BOOT);
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    REAL(int, "gettimeofday", struct timeval *, void *);
    int result = real(now, zone);
    if (!result) now->tv_sec += seconds(WALL);
    return result;
}

time_t time(time_t *out) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

static const char *redirected(const char *path) {
    const char *boot_id = getenv("MACHINE_BOOT_ID");
    return boot_id && !strcmp(path, "/proc/sys/kernel/random/boot_id") ? boot_id : path;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return real_open(redirected(path), flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    return real_open(redirected(path), flags | O_LARGEFILE, mode);
}
