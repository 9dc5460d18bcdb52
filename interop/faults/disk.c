/* A library for LD_PRELOAD that makes calls fail on the files below one folder. The environment variable
 * DISK_FAULT_FOLDER contains the path of the folder. DISK_FAULT_CONTROL contains the path of a file that determines
 * which calls fail at present: "write" or "sync" and the name of an error (ENOSPC, EDQUOT, EROFS or EIO). No call fails
 * while that file is empty. ENOSPC and EDQUOT do not affect writes that need no additional disk space: those to file descriptors with O_DSYNC, through
 * which LMDB overwrites its meta pages, and those to the file `anchor`, whose space is reserved. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* Declares `real`, a pointer to libc's function `name`. */
#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* Whether the file of `fd` is below DISK_FAULT_FOLDER. Stores the path of the file in `path`. */
static int is_below_folder(int fd, char path[4096]) {
    char link[64];
    const char *folder = getenv("DISK_FAULT_FOLDER");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, 4095);
    if (!folder || size <= 0) return 0;
    path[size] = 0;
    size_t length = strlen(folder);
    return !strncmp(path, folder, length) && path[length] == '/';
}

static int has_reserved_space(int fd, const char *path) {
    const char *name = strrchr(path, '/');
    return fcntl(fd, F_GETFL) & O_DSYNC || (name && !strcmp(name, "/anchor"));
}

/* Reads the two words of the control file into `call` and `name`. Returns the number of words: 2 if calls fail at
 * present. */
static int read_control(char *call, char *name) {
    const char *path = getenv("DISK_FAULT_CONTROL");
    char text[32] = "";
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return 0;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    return size > 0 ? sscanf(text, "%15s %15s", call, name) : 0;
}

static int error_number(const char *name) {
    if (!strcmp(name, "ENOSPC")) return ENOSPC;
    if (!strcmp(name, "EDQUOT")) return EDQUOT;
    if (!strcmp(name, "EROFS")) return EROFS;
    return EIO;
}

/* Whether a call of the kind `wanted` ("write" or "sync") on `fd` has to fail now. If so, sets errno; otherwise leaves
 * errno unchanged. */
static int fails(const char *wanted, int fd) {
    char call[16], name[16], path[4096];
    int before = errno, fault = 0;
    if (is_below_folder(fd, path) && read_control(call, name) == 2 && !strcmp(call, wanted))
        fault = error_number(name);
    if ((fault == ENOSPC || fault == EDQUOT) && has_reserved_space(fd, path)) fault = 0;
    errno = fault ? fault : before;
    return fault != 0;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails("write", fd) ? -1 : real(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return fails("write", fd) ? -1 : real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return fails("write", fd) ? -1 : real(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    REAL(ssize_t, "pwritev", int, const struct iovec *, int, off_t);
    return fails("write", fd) ? -1 : real(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}

int ftruncate(int fd, off_t size) {
    REAL(int, "ftruncate", int, off_t);
    return fails("write", fd) ? -1 : real(fd, size);
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

int fallocate(int fd, int mode, off_t offset, off_t size) {
    REAL(int, "fallocate", int, int, off_t, off_t);
    return fails("write", fd) ? -1 : real(fd, mode, offset, size);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size) { return fallocate(fd, mode, offset, size); }

/* Unlike the other functions, posix_fallocate returns the error number. */
int posix_fallocate(int fd, off_t offset, off_t size) {
    REAL(int, "posix_fallocate", int, off_t, off_t);
    return fails("write", fd) ? errno : real(fd, offset, size);
}

int posix_fallocate64(int fd, off64_t offset, off64_t size) { return posix_fallocate(fd, offset, size); }

int fsync(int fd) {
    REAL(int, "fsync", int);
    return fails("sync", fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return fails("sync", fd) ? -1 : real(fd);
}
