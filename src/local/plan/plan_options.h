/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PLAN_OPTIONS_H
#define I2KIT_LOCAL_PLAN_PLAN_OPTIONS_H

/* What a command line adds to the manifests, as values: --scale, --publish, --memory, --cpus … */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"
#include "local/plan/proxy_plan.h"

struct plan_scale {
	char *pod;
	uint32_t replicas;
};

struct plan_publish {
	char *pod;
	uint16_t host_port;
	uint16_t target_port;
	bool is_udp;
};

struct plan_options {
	struct plan_scale *scales;
	size_t scale_count;
	struct plan_publish *publishes;
	size_t publish_count;
	uint64_t memory_bytes;		    /* of every VM; 0: what its pod asks for */
	unsigned cpu_count;		    /* likewise */
	char *accel;			    /* "auto", "kvm", "tcg" */
	char *firmware;			    /* "direct", "bios", "uefi" */
	bool is_cold;			    /* no warm starts */
	char *uri;			    /* of libvirt, or NULL: choose */
	char *bind;			    /* address of published ports */
	char *metrics;			    /* metrics_place_read(), or NULL */
	uint16_t route_ports[PROXY_FRONTS]; /* --publish http:PORT; 0: the usual one */
};
void plan_options_clear(struct plan_options *options);

/* The words of the command line; NULL: not given. */
struct plan_words {
	const struct string_list *scales;    /* "web=3" */
	const struct string_list *publishes; /* "web:8080:80/udp", "http:9000" */
	const char *memory;
	const char *cpus;
	const char *accel;
	const char *firmware;
	bool is_cold;
	const char *uri;
	const char *bind;
	const char *metrics; /* "": the usual place */
};
/* ERROR_USAGE names the option and what it may say. bind is taken as it is. */
MUST_CHECK bool plan_options_read(const struct plan_words *words, struct plan_options *ret,
				  struct error *err);

/*
 * Where the metrics port is to be: "ADDRESS:PORT", "[ADDRESS]:PORT", "PORT", ":PORT", an address
 * alone, or "". *ret_host is owned, "127.0.0.1" where none is named; *ret_port 0: any.
 */
MUST_CHECK bool metrics_place_read(const char *text, char **ret_host, uint16_t *ret_port,
				   struct error *err);

#endif
