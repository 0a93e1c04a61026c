/* An SQLite file system that kills its process, without a word, before the n-th write, truncation, sync or deletion. */
#ifndef HF_DYING_VFS_H
#define HF_DYING_VFS_H

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

static long dying_left; /* points left to live; 0: for ever */
static sqlite3_vfs *dying_real;

struct dying_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this struct */
};

static void dying_point(void)
{
    if (dying_left && --dying_left == 0)
        (void)kill(getpid(), SIGKILL);
}

#define REAL(f) (((struct dying_file *)(f))->real)

static int dying_close(sqlite3_file *f)
{
    return REAL(f)->pMethods->xClose(REAL(f));
}
static int dying_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return REAL(f)->pMethods->xRead(REAL(f), to, n, at);
}
static int dying_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    dying_point();
    if (dying_left == 1 && n > 1) { /* the last one is torn */
        (void)REAL(f)->pMethods->xWrite(REAL(f), from, n / 2, at);
        dying_point();
    }
    return REAL(f)->pMethods->xWrite(REAL(f), from, n, at);
}
static int dying_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    dying_point();
    return REAL(f)->pMethods->xTruncate(REAL(f), n);
}
static int dying_sync(sqlite3_file *f, int flags)
{
    dying_point();
    return REAL(f)->pMethods->xSync(REAL(f), flags);
}
static int dying_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), n);
}
static int dying_lock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xLock(REAL(f), level);
}
static int dying_unlock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), level);
}
static int dying_reserved(sqlite3_file *f, int *out)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}
static int dying_control(sqlite3_file *f, int op, void *arg)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}
static int dying_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}
static int dying_device(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}
static int dying_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **out)
{
    return REAL(f)->pMethods->xShmMap(REAL(f), region, size, extend, out);
}
static int dying_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags);
}
static void dying_shm_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}
static int dying_shm_unmap(sqlite3_file *f, int gone)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), gone);
}

static int dying_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    static const sqlite3_io_methods methods = {
        2,           dying_close,    dying_read,   dying_write,   dying_truncate, dying_sync,        dying_size,
        dying_lock,  dying_unlock,   dying_reserved, dying_control, dying_sector, dying_device, dying_shm_map,
        dying_shm_lock, dying_shm_barrier, dying_shm_unmap, NULL, NULL};
    struct dying_file *d = (struct dying_file *)f;
    int rc;

    (void)vfs;
    d->real = (sqlite3_file *)(void *)(d + 1);
    d->base.pMethods = NULL;
    rc = dying_real->xOpen(dying_real, name, d->real, flags, out);
    if (d->real->pMethods)
        d->base.pMethods = &methods;
    return rc;
}

static int dying_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    dying_point();
    return dying_real->xDelete(dying_real, name, sync);
}

/* From now on this process dies before its n-th point. */
static inline void dying_start(long n)
{
    static sqlite3_vfs vfs;

    dying_real = sqlite3_vfs_find(NULL);
    vfs = *dying_real;
    vfs.zName = "dying";
    vfs.szOsFile = (int)sizeof(struct dying_file) + dying_real->szOsFile;
    vfs.pNext = NULL;
    vfs.xOpen = dying_open;
    vfs.xDelete = dying_delete;
    (void)sqlite3_vfs_register(&vfs, 1);
    dying_left = n;
}

#endif
