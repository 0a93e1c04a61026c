/* Files: whole reads with a ceiling, durable replacement, and folders that names cannot leave. */
#ifndef HF_BASE_FILE_H
#define HF_BASE_FILE_H

#include "base/bytes.h"

#include <sys/types.h>

/* The whole content of a file, or of standard input for "-". At most `max` bytes (HF_E_LIMIT past
 * it); a directory is HF_E_ARG. Appends to out. */
hf_err hf_file_read(const char *path, size_t max, struct hf_buf *out);

/* The same into a secret, without a copy left behind. */
hf_err hf_file_read_secret(const char *path, size_t max, struct hf_secret **out);

/* Everything up to the end of an open descriptor, at most `max` bytes. */
hf_err hf_fd_read_all(int fd, const char *what, size_t max, struct hf_buf *out);

/* All of `bytes`, through short writes and signals. */
hf_err hf_fd_write_all(int fd, const char *what, struct hf_bytes bytes);

/* Write a file whole, or leave the old one: to a temporary beside it, then rename. "-" is standard output.
 * What is private (keys, secrets) has mode 0600 and is on disk before this returns; other results have mode
 * 0644 and go to disk when the system writes them. */
hf_err hf_file_write(const char *path, struct hf_bytes bytes);
hf_err hf_file_write_private(const char *path, struct hf_bytes bytes);

/* Open a folder, made with mode 0700 (and its parents) when missing. */
hf_err hf_dir_open(const char *path, int *fd);

/* Open beneath a folder: no "..", no symbolic link, no absolute name can leave it. flags as open(2). */
hf_err hf_open_beneath(int dir, const char *name, int flags, mode_t mode, int *fd);

/* Write a file beneath a folder whole or not at all, mode 0600, durable before it returns. */
hf_err hf_file_replace_at(int dir, const char *name, struct hf_bytes bytes);

/* Read a file beneath a folder, at most `max` bytes. */
hf_err hf_file_read_at(int dir, const char *name, size_t max, struct hf_buf *out);

#endif
