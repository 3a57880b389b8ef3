/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_REQUEST_H
#define I2KIT_WIRE_REQUEST_H

/*
 * The small JSON messages of the agent channel, doc/formats.md §5: each a struct, its writer and
 * its reader. Texts are owned by the struct they stand in; NULL: not given. Writers' results are
 * owned. Readers leave *ret alone when they fail.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

/* The guest's answer to HELLO. */
struct hello {
	int64_t version; /* of the protocol */
	char *state;	 /* "waiting" for a release, or the pod's phase */
	char *boot;	 /* tells the VM's lives apart; "" from old guests */
	bool answers_pings;
	bool takes_touches;
	bool takes_holds; /* INSTANCE.held */
	bool takes_templates;
};
void hello_clear(struct hello *hello);
char *hello_write(const struct hello *hello);
MUST_CHECK bool hello_read(const void *bytes, size_t size, struct hello *ret, struct error *err);

/*
 * The guest's answer to TEMPLATE: NULL when it may be saved now, or why it cannot be a template
 * (owned).
 */
char *template_answer_write(const char *refusal_or_null);
MUST_CHECK bool template_answer_read(const void *bytes, size_t size, char **ret_refusal,
				     struct error *err);

/*
 * Programs of an exec session that are the guest's own, not the image's (no file's name can be
 * looked up by them): "get" PATH, "put" PATH NAME, "unpack" PATH or "sync", whose bytes are a tar;
 * the container's restart, with its files.
 */
#define EXEC_COPY    "i2kit:copy"
#define EXEC_SYNC    "sync" /* of EXEC_COPY, its only argument: guest/copy/tree_sync.h */
#define EXEC_RESTART "i2kit:restart"

/*
 * EXEC_START. With is_main it is no further process: the pod waits with that container, its only
 * one (INSTANCE's `run`), and begins it so; argv takes the place of its arguments, or, where the
 * manifest has a command, of that. Its end is the pod's.
 */
struct exec_start {
	char *container; /* NULL: the first */
	struct string_list argv;
	struct string_list env; /* "K=V" over the container's */
	char *cwd;
	char *user;
	bool has_tty;
	bool has_stdin;
	bool is_privileged; /* the process, whatever its container is */
	uint16_t rows;	    /* 0: not given */
	uint16_t columns;
	bool is_main;
	bool is_logged;	     /* is_main: its output goes into the log, too */
	bool has_entrypoint; /* is_main: in place of the image's, which may be none */
	struct string_list entrypoint;
};
void exec_start_clear(struct exec_start *start);
/* NULL and *err for a text that is not UTF-8. */
MUST_CHECK char *exec_start_write(const struct exec_start *start, struct error *err);
MUST_CHECK bool exec_start_read(const void *bytes, size_t size, struct exec_start *ret,
				struct error *err);

/* EXEC_EXIT */
struct exec_exit {
	bool has_code;
	int code;   /* 0–255 */
	int signal; /* 0: none */
	char *error;
};
void exec_exit_clear(struct exec_exit *exit);
char *exec_exit_write(const struct exec_exit *exit);
MUST_CHECK bool exec_exit_read(const void *bytes, size_t size, struct exec_exit *ret,
			       struct error *err);

/* TUNNEL_OPEN: towards the guest a port of the pod, towards the host one of a service. */
struct tunnel_open {
	char *service; /* NULL: towards the guest */
	uint16_t port;
	bool is_udp;
};
void tunnel_open_clear(struct tunnel_open *open);
char *tunnel_open_write(const struct tunnel_open *open);
MUST_CHECK bool tunnel_open_read(const void *bytes, size_t size, struct tunnel_open *ret,
				 struct error *err);

/* FILE_PUSH: this, a NUL, and the file's bytes. FILE_TOUCH: this alone, of volume and path. */
struct file_push {
	char *volume;
	char *path; /* below the volume */
	unsigned mode;
	bool is_deleted;
	uint64_t size_bytes;
};
void file_push_clear(struct file_push *push);
char *file_push_write(const struct file_push *push);
MUST_CHECK bool file_push_read(const void *bytes, size_t size, struct file_push *ret,
			       struct error *err);

/* SHUTDOWN */
char *shutdown_write(int64_t grace_s); /* negative: the pod's own */
MUST_CHECK bool shutdown_read(const void *bytes, size_t size, int64_t *ret_grace_s,
			      struct error *err);

#endif
