/* Preloaded before libc: records the writes to the files of the store and their syncs, and makes chosen calls fail.
 * RECORDER_LOG: the file to write the records to.
 * RECORDER_BOOT_ID: a file to open instead of the boot id of the machine.
 * RECORDER_FAULT: "<W|P|D|S|A> <after> <errno> <times>". It applies to data.mdb: to writes of pages (W), of meta pages
 * (P), of meta pages with a sync (D), or to syncs (S); or to writes of the sync point (A). After <after> such calls, <times> calls fail with <errno>;
 * errno 0 cuts the write short instead. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static char fault_call;
static long fault_after, fault_errno, fault_times;

#define REAL(result, name, ...) \
    static result (*name)(__VA_ARGS__); \
    if (!name) name = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name + 5)

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("RECORDER_FAULT");
    if (fault) sscanf(fault, "%c %ld %ld %ld", &fault_call, &fault_after, &fault_errno, &fault_times);
    log_fd = open(getenv("RECORDER_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* 'd' data file, 'a' sync point (its file is named anchor), 'm' marks, 0 any other file. */
static char file_of(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (fd == log_fd || size <= 0) return 0;
    path[size] = 0;
    const char *name = strrchr(path, '/');
    if (!name) return 0;
    if (!strcmp(name, "/data.mdb")) return 'd';
    if (!strcmp(name, "/anchor")) return 'a';
    return !strcmp(name, "/marks") ? 'm' : 0;
}

static void record_event(char call, char file, uint64_t offset, const void *bytes, uint64_t size) {
    REAL(ssize_t, real_write, int, const void *, size_t);
    pthread_mutex_lock(&lock);
    real_write(log_fd, &call, 1);
    real_write(log_fd, &file, 1);
    real_write(log_fd, &offset, 8);
    real_write(log_fd, &size, 8);
    if (bytes) real_write(log_fd, bytes, size);
    pthread_mutex_unlock(&lock);
}

static int fails(char call, char file) {
    if (file == 'a') call = call == 'W' ? 'A' : 0;
    if (!(file == 'd' || file == 'a') || call != fault_call || fault_times <= 0) return 0;
    if (fault_after-- > 0) return 0;
    fault_times--;
    return 1;
}

/* 'P': a write to a meta page without a sync. */
static char write_call(int fd, char file, off_t offset) {
    if (fcntl(fd, F_GETFL) & O_DSYNC) return 'D';
    return file == 'd' && offset < 8192 ? 'P' : 'W';
}

static ssize_t write_and_record(int fd, char file, const void *bytes, size_t size, off_t offset) {
    REAL(ssize_t, real_pwrite, int, const void *, size_t, off_t);
    ssize_t result = real_pwrite(fd, bytes, size, offset);
    if (result > 0 && file) record_event(write_call(fd, file, offset), file, offset, bytes, result);
    return result;
}

static ssize_t recorded_pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    char file = file_of(fd);
    if (!fails(write_call(fd, file, offset), file)) return write_and_record(fd, file, bytes, size, offset);
    errno = fault_errno;
    return fault_errno ? -1 : write_and_record(fd, file, bytes, size / 2, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) { return recorded_pwrite(fd, bytes, size, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset) { return recorded_pwrite(fd, bytes, size, offset); }

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(ssize_t, real_write, int, const void *, size_t);
    ssize_t result = real_write(fd, bytes, size);
    if (result > 0 && file_of(fd) == 'm') record_event('M', 'm', 0, bytes, result);
    return result;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, real_writev, int, const struct iovec *, int);
    char file = file_of(fd);
    if (!file) return real_writev(fd, parts, count);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    int fault = fails(write_call(fd, file, offset), file);
    errno = fault_errno;
    if (fault && fault_errno) return -1;
    ssize_t total = 0;
    if (fault) count = 1;
    for (int i = 0; i < count; i++) {
        ssize_t size = write_and_record(fd, file, parts[i].iov_base, parts[i].iov_len, offset + total);
        if (size < 0) return total ? total : size;
        total += size;
        if ((size_t)size < parts[i].iov_len) break;
    }
    lseek(fd, offset + total, SEEK_SET);
    return total;
}

static int recorded_sync(int fd, int (*real)(int)) {
    char file = file_of(fd);
    if (fails('S', file)) {
        errno = fault_errno;
        return -1;
    }
    int result = real(fd);
    if (result == 0 && file) record_event('S', file, 0, NULL, 0);
    return result;
}

int fdatasync(int fd) {
    REAL(int, real_fdatasync, int);
    return recorded_sync(fd, real_fdatasync);
}

int fsync(int fd) {
    REAL(int, real_fsync, int);
    return recorded_sync(fd, real_fsync);
}

static int recorded_truncate(int fd, off_t size) {
    REAL(int, real_ftruncate, int, off_t);
    char file = file_of(fd);
    int result = real_ftruncate(fd, size);
    if (result == 0 && file) record_event('T', file, size, NULL, 0);
    return result;
}

int ftruncate(int fd, off_t size) { return recorded_truncate(fd, size); }
int ftruncate64(int fd, off_t size) { return recorded_truncate(fd, size); }

static const char *redirected(const char *path) {
    const char *boot_id = getenv("RECORDER_BOOT_ID");
    return boot_id && !strcmp(path, "/proc/sys/kernel/random/boot_id") ? boot_id : path;
}

static int recorded_open(const char *path, int flags, mode_t mode) {
    REAL(int, real_open, const char *, int, ...);
    int fd = real_open(redirected(path), flags, mode);
    if (fd >= 0 && flags & O_TRUNC) {
        char file = file_of(fd);
        if (file) record_event('T', file, 0, NULL, 0);
    }
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return recorded_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    return recorded_open(path, flags, mode);
}
