/* A library for LD_PRELOAD that changes what the machine tells a program.
 * MACHINE_BOOT_ID is a file that is opened instead of the kernel's boot id. MACHINE_CLOCK is a file of 8 bytes, a signed number in
 * native byte order: these seconds are added to the wall clock. Both may change while the program runs. */
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

/* Declares `real`, libc's function of the same name. */
#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static const int64_t *offset;

static int real_open(const char *path, int flags, mode_t mode) {
    REAL(int, "open", const char *, int, ...);
    return real(path, flags, mode);
}

__attribute__((constructor)) static void map_clock(void) {
    const char *path = getenv("MACHINE_CLOCK");
    int fd = path ? real_open(path, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (fd < 0) return;
    void *page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) offset = page;
    close(fd);
}

static int64_t seconds(void) { return offset ? __atomic_load_n(offset, __ATOMIC_RELAXED) : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(clock, now);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += seconds();
    return result;
}

int gettimeofday(struct timeval *now, void *zone) {
    REAL(int, "gettimeofday", struct timeval *, void *);
    int result = real(now, zone);
    if (!result) now->tv_sec += seconds();
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
