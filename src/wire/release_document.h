/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_RELEASE_DOCUMENT_H
#define I2KIT_WIRE_RELEASE_DOCUMENT_H

/*
 * The release document, doc/formats.md §4: what differs between two runs of one image, as values,
 * as text and back. CONFIG comes from the manifests (release/config.h), INSTANCE from who starts
 * the VM: the supervisor, or a stack's user data, part of which the guest's cloud agent fills in.
 * Everything is owned by the struct it stands in. NULL or empty: not given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "base/string_list.h"
#include "wire/kinds.h"

#define RELEASE_MAX_BYTES ((size_t)16 << 20)
#define RELEASE_VERSION	  1

/* One value under a key of a config map or secret. */
struct map_entry {
	char *key;
	char *bytes; /* NUL follows */
	size_t size;
	char *reference; /* "ssm:/path": to be fetched; then bytes is NULL until it was */
	char *sha256;	 /* of what is referred to, or was left out; or NULL */
};

struct release_map {
	char *name;
	bool is_secret;
	struct map_entry *entries;
	size_t entry_count;
};

struct env_rule {
	char *name;
	enum env_kind kind;
	char *value; /* ENV_VALUE; else the map's name, the field or the resource */
	char *key;   /* of a map */
	bool is_optional;
	char *container; /* ENV_RESOURCE; NULL: its own */
	char *divisor;
};

struct env_import {
	char *prefix;
	char *map;
	bool is_secret;
	bool is_optional;
};

struct mount_rule {
	char *volume;
	char *path;
	char *sub_path;
	char *sub_path_expression;
	bool is_read_only;
};

struct container_config {
	char *name;
	struct env_rule *env;
	size_t env_count;
	struct env_import *sources;
	size_t source_count;
	struct mount_rule *mounts;
	size_t mount_count;
};

/* One file of a volume that is made of configuration. */
struct projected_file {
	char *key;	/* of a map */
	char *field;	/* downward */
	char *resource; /* downward */
	char *container;
	char *divisor;
	char *path; /* below the volume, checked: no "..", not absolute */
	int mode;   /* -1: the volume's */
};

struct volume_rule {
	char *name;
	enum volume_kind kind;
	bool is_memory;		   /* EMPTY */
	uint64_t size_limit_bytes; /* EMPTY; 0: none */
	char *ref;		   /* the map's name, or the claim's */
	bool is_optional;
	unsigned default_mode;
	struct projected_file *items;
	size_t item_count;
	bool is_read_only; /* CLAIM */
	char *host_path;   /* HOST_PATH: where it is on the developer's machine */
	char *host_type;   /* HOST_PATH: "DirectoryOrCreate" … */
	struct volume_rule *sources;
	size_t source_count; /* PROJECTED */
};

enum delivery { DELIVERY_NONE, DELIVERY_DISK, DELIVERY_VIRTIOFS, DELIVERY_PUSHED };
#define DELIVERIES (DELIVERY_PUSHED + 1)
extern const char *const delivery_words[DELIVERIES]; /* none for DELIVERY_NONE */

/* How a hostPath or claim volume arrives in this VM. */
struct volume_delivery {
	char *volume;
	enum delivery how;
	char *serial;
	bool is_formatted; /* DISK: it has been seen with a file system; a blank one is broken */
	char *tag;
	char *file; /* the one file of the shared folder that is meant */
};

/* An SRV record (RFC 2782). */
struct host_service {
	char *name; /* "_redis._tcp.redis.default.svc.cluster.local" */
	uint16_t port;
	char *target; /* a name of the same entry */
};

struct host_entry {
	char *ip;    /* or NULL: */
	char *alias; /* the names are this one's (a CNAME): it is asked for, here or outside */
	struct string_list names;
	struct host_service *services; /* that the address serves */
	size_t service_count;
};

struct host_list {
	struct host_entry *entries;
	size_t count;
};

/*
 * A service's address that the guest listens on. What comes is tunnelled to the host (session mode),
 * or led to one of the targets, which are outside of the project.
 */
struct service_proxy {
	char *ip;
	uint16_t port;
	char *service;
	struct string_list targets; /* "192.0.2.7:5432"; none: the host's */
	bool is_sticky;		    /* stays with a target as long as it answers */
};

struct network_config {
	bool is_dhcp;
	char *mac;
	char *address; /* "10.77.1.5/24" */
	char *gateway;
	struct string_list dns;
	struct string_list searches;
	unsigned mtu; /* 0: the driver's */
};

struct cloud_config {
	bool is_given;
	char *region;
	char *log_group;
	char *signal_stack;
	char *signal_resource;
	char *attach_volume;
	char *attach_device;
	char *names_zone;	  /* the zone of names that lead to instances; NULL: none */
	struct string_list names; /* that lead to this one while it is ready */
	char *endpoint;		  /* in place of all the vendor's: rehearsal */
	char *console_key; /* what is said on the console is signed with it; NULL: nothing is */
};

struct release {
	/* The release configuration. */
	char *hostname;
	char *subdomain;
	struct string_list labels; /* "key=value", sorted by the writer */
	struct string_list annotations;
	struct host_list aliases;
	char *dns_policy;
	struct string_list dns_servers;
	struct string_list dns_searches;
	struct string_list dns_options;
	struct container_config *containers;
	size_t container_count;
	struct volume_rule *volumes;
	size_t volume_count;
	struct release_map *maps; /* config maps, then secrets */
	size_t map_count;
	/* The instance. */
	char *project;
	char *pod;
	char *instance;
	unsigned replica;
	struct string_list own_labels; /* "key=value": of this instance, beside those of all */
	struct string_list own_annotations;
	char *uid;
	char *image_digest;
	char *config_digest;
	char *where;  /* "local", "rehearsal", "aws", "openstack" */
	bool is_held; /* containers start when a document comes that does not say so */
	struct network_config network;
	struct host_list hosts;
	struct service_proxy *proxies;
	size_t proxy_count;
	struct string_list service_env;
	struct volume_delivery *deliveries;
	size_t delivery_count;
	char *scratch_serial;	/* or, in EC2, "/dev/sdg": the name it is attached under */
	uint64_t scratch_bytes; /* how much of it is used; 0: all */
	int64_t time_ns;	/* 0: not given */
	char *entropy;		/* base64 */
	char *run_container; /* a run of that one container alone: wire/request.h, exec_start.is_main */
	struct cloud_config cloud;
};

void release_clear(struct release *release);
void host_list_clear(struct host_list *list);

/*
 * Where a configuration is too long for user data, its text lies in parameters, and this stands in
 * its place: "configRef".
 */
struct config_reference {
	struct string_list parameters; /* their values, joined, are CONFIG */
	char *sha256;		       /* hex; owned */
};
void config_reference_clear(struct config_reference *reference);

/* {"i2kit":{"config":CONFIG,"instance":INSTANCE}} */
MUST_CHECK bool release_document_read(const void *bytes, size_t size, struct release *ret,
				      struct error *err);
/* The same, but that CONFIG may be given by reference: then parameters are in *ret_reference. */
MUST_CHECK bool release_document_read_referring(const void *bytes, size_t size, struct release *ret,
						struct config_reference *ret_reference,
						struct error *err);
/* CONFIG alone; *ret has at most an INSTANCE before. */
MUST_CHECK bool release_config_read(const void *bytes, size_t size, struct release *ret,
				    struct error *err);
/* A HOSTS message: a bare list. */
MUST_CHECK bool host_list_read(const void *bytes, size_t size, struct host_list *ret,
			       struct error *err);

/*
 * Owned. Canonical: the same values in the same style (base/json_writer.h) give the same bytes.
 * CONFIG has RELEASE_CONFIG_STYLE where it is hashed, for ever: its digest tells releases apart.
 */
#define RELEASE_CONFIG_STYLE JSON_LONG_ESCAPES
char *release_document_write(const struct release *release, unsigned style);
/* The same around a CONFIG that is text already, or lies elsewhere. */
char *release_document_write_around(const char *config_json, const struct release *release);
char *release_document_write_referring(const struct release *release,
				       const struct config_reference *reference, unsigned style);
char *release_config_write(const struct release *release, unsigned style); /* CONFIG alone */
char *host_list_write(const struct host_list *list);

const struct container_config *release_container(const struct release *release, const char *name);
const struct release_map *release_map(const struct release *release, const char *name,
				      bool is_secret);
const struct map_entry *config_map_entry(const struct release_map *map, const char *key);
const struct volume_rule *release_volume(const struct release *release, const char *name);
const struct volume_delivery *release_delivery(const struct release *release, const char *volume);

#endif
