/* A disk that loses what was not synced, for the durability test. Preloaded into the process
 * that is killed. Before each write to a file under LOST_WRITES_OF, the bytes that it covers and
 * the file's size go to an undo log under LOST_WRITES_LOG, one log an inode; a sync of the file
 * empties its log. After the kill, replaying the logs backwards gives the file as a power
 * failure would have left it. Syncs are not passed on (only the page cache matters here); they
 * take a third of a millisecond, as on a good disk. Names (create, rename, unlink) count as
 * durable at once. Shared memory files (-shm) are left alone: they are rebuilt.
 *
 * Record: u64 offset, u64 size before, u64 bytes saved, u64 magic, the bytes. Native endian. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#undef open
#undef open64
#undef openat
#undef openat64
#undef creat
#undef creat64
#undef pwrite
#undef pwrite64
#undef ftruncate
#undef ftruncate64

#define MOST 4096
#define MAGIC 0x6c6f737477726974ULL

static int log_of[MOST]; /* 0: not followed; else the log's descriptor + 1 */
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *what) {
    static const char text[] = "lost_writes: cannot ";
    ssize_t ignored = syscall(SYS_write, 2, text, sizeof text - 1);
    ignored = syscall(SYS_write, 2, what, strlen(what));
    ignored = syscall(SYS_write, 2, "\n", 1);
    (void)ignored;
    _exit(97);
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static void follow(int fd, const char *path) {
    const char *under = getenv("LOST_WRITES_OF");
    const char *logs = getenv("LOST_WRITES_LOG");
    struct stat st;
    char name[4096];
    if (fd < 0 || fd >= MOST) return;
    log_of[fd] = 0;
    if (!under || !logs || strncmp(path, under, strlen(under)) != 0) return;
    if (ends_with(path, "-shm") || ends_with(path, ".lock")) return;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
    snprintf(name, sizeof name, "%s/%llu", logs, (unsigned long long)st.st_ino);
    int log = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) die("open a log");
    /* An inode of its own again: nothing of an earlier file under its number may be undone. */
    if (st.st_size == 0 && syscall(SYS_ftruncate, log, 0L) != 0) die("empty a log");
    log_of[fd] = log + 1;
}

static void save(int fd, off_t offset, size_t length) {
    struct stat st;
    uint64_t head[4];
    if (fstat(fd, &st) != 0) die("stat");
    uint64_t size = (uint64_t)st.st_size, from = (uint64_t)offset, saved = 0;
    if (from < size) saved = size - from < length ? size - from : length;
    char *record = malloc(sizeof head + saved);
    if (!record) die("allocate");
    head[0] = from;
    head[1] = size;
    head[2] = saved;
    head[3] = MAGIC;
    memcpy(record, head, sizeof head);
    size_t done = 0;
    while (done < saved) {
        ssize_t n = syscall(SYS_pread64, fd, record + sizeof head + done, saved - done, from + done);
        if (n <= 0) die("read what is overwritten");
        done += (size_t)n;
    }
    size_t total = sizeof head + saved;
    done = 0;
    while (done < total) {
        ssize_t n = syscall(SYS_write, log_of[fd] - 1, record + done, total - done);
        if (n <= 0) die("write a log");
        done += (size_t)n;
    }
    free(record);
}

static int followed(int fd) { return fd >= 0 && fd < MOST && log_of[fd] != 0; }

static off_t position(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags & O_APPEND) {
        struct stat st;
        if (fstat(fd, &st) != 0) die("stat");
        return st.st_size;
    }
    return lseek(fd, 0, SEEK_CUR);
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0) {
        pthread_mutex_lock(&one);
        follow(fd, path);
        pthread_mutex_unlock(&one);
    }
    return fd;
}

#define MODE(flags, last)                                      \
    mode_t mode = 0;                                           \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                     \
        va_list rest;                                          \
        va_start(rest, last);                                  \
        mode = (mode_t)va_arg(rest, int);                      \
        va_end(rest);                                          \
    }

int open(const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags, flags)
    return opened(at, path, flags, mode);
}
int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    pthread_mutex_lock(&one);
    if (followed(fd)) {
        syscall(SYS_close, log_of[fd] - 1);
        log_of[fd] = 0;
    }
    int result = (int)syscall(SYS_close, fd);
    pthread_mutex_unlock(&one);
    return result;
}

static ssize_t put(int fd, const void *bytes, size_t length, off_t offset) {
    if (!followed(fd)) return syscall(SYS_pwrite64, fd, bytes, length, offset);
    pthread_mutex_lock(&one);
    save(fd, offset, length);
    ssize_t result = syscall(SYS_pwrite64, fd, bytes, length, offset);
    pthread_mutex_unlock(&one);
    return result;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return put(fd, bytes, length, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
    return put(fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (!followed(fd)) return syscall(SYS_write, fd, bytes, length);
    pthread_mutex_lock(&one);
    save(fd, position(fd), length);
    ssize_t result = syscall(SYS_write, fd, bytes, length);
    pthread_mutex_unlock(&one);
    return result;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!followed(fd)) return syscall(SYS_writev, fd, parts, count);
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    pthread_mutex_lock(&one);
    save(fd, position(fd), length);
    ssize_t result = syscall(SYS_writev, fd, parts, count);
    pthread_mutex_unlock(&one);
    return result;
}

static int cut(int fd, off_t size) {
    if (!followed(fd)) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&one);
    save(fd, size, SIZE_MAX);
    int result = (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_unlock(&one);
    return result;
}
int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off_t size) { return cut(fd, size); }

static int synced(int fd, long number) {
    if (!followed(fd)) return (int)syscall(number, fd);
    usleep(300);
    pthread_mutex_lock(&one);
    if (syscall(SYS_ftruncate, log_of[fd] - 1, 0L) != 0) die("empty a log");
    pthread_mutex_unlock(&one);
    return 0;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
