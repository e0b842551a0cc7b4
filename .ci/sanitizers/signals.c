/* Preloaded with ThreadSanitizer, so that a parked thread handles signals.
 *
 * ThreadSanitizer delays a signal's handler until the thread calls a function of libc that it intercepts.
 * A thread that Rust's std parks calls none: it waits in syscall(SYS_futex), and if it is interrupted, it
 * waits again. The kernel prefers the main thread for a process's signals, and that thread is often parked.
 *
 * So here a wait ends after a tenth of a second at most. Then, and whenever it is interrupted, this function
 * calls one that ThreadSanitizer intercepts, and returns EINTR: std waits again.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const long A_TENTH = 100000000;

static int before(const struct timespec *one, const struct timespec *other) {
    return one->tv_sec != other->tv_sec ? one->tv_sec < other->tv_sec : one->tv_nsec < other->tv_nsec;
}

long syscall(long number, ...) {
    static long (*real)(long, ...);
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (!real)
        real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");

    /* All of std's waits have this form: until a time of the monotonic clock, or for ever. */
    if (number != SYS_futex || (a[1] & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET)
        return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);

    struct timespec soon;
    const struct timespec *until = (const struct timespec *)a[3];
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_nsec += A_TENTH;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_sec++;
        soon.tv_nsec -= 1000000000;
    }
    int early = !until || before(&soon, until);
    long result = real(number, a[0], a[1], a[2], early ? &soon : until, a[4], a[5]);
    int error = errno;
    if (result == -1 && (error == EINTR || (early && error == ETIMEDOUT))) {
        usleep(0);
        error = EINTR;
    }
    errno = error;
    return result;
}
