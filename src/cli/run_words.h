/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_RUN_WORDS_H
#define I2KIT_CLI_RUN_WORDS_H

/* What docker's fingers type after `run`, as values. ERROR_USAGE says what it may be. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

/* -v FOLDER:PATH[:ro|rw] */
struct run_volume {
	char *host_path; /* absolute */
	char *path;	 /* in the container */
	bool is_read_only;
};
void run_volume_clear(struct run_volume *volume);
MUST_CHECK bool run_volume_read(const char *word, struct run_volume *ret, struct error *err);

/* -p [ADDRESS:]LOCAL:PORT[/udp] */
struct run_port {
	char *address; /* or NULL */
	uint16_t host_port;
	uint16_t port;
	bool is_udp;
};
void run_port_clear(struct run_port *port);
MUST_CHECK bool run_port_read(const char *word, struct run_port *ret, struct error *err);

/* -e K=V, or K with our own value; K without one is left out. */
MUST_CHECK bool run_env_read(const char *word, struct string_list *ret, struct error *err);
/* --env-file: lines of that, empty ones and those that begin with # left out. */
MUST_CHECK bool run_env_file_read(const char *path, struct string_list *ret, struct error *err);

/* "docker.io/library/redis:7" → "redis", a name for a pod; owned. */
char *run_pod_name(const char *image);

#endif
