/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVER_SERVER_H
#define I2KIT_CLOUD_OPENSTACK_SERVER_SERVER_H

/*
 * Servers of Nova, and what they say of themselves: i2kit_project, i2kit_environment, i2kit_pod,
 * i2kit_image, i2kit_config, i2kit_receipt, i2kit_release and i2kit_console of their metadata, which they are
 * created with. A server is of a scope when project and environment are; a name says nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"
#include "cloud/openstack/client/client.h"
#include "cloud/openstack/server/console_read.h"
#include "cloud/provider.h"
#include "wire/release_id.h"

struct server {
	char *id; /* all owned; a UUID */
	char *name;
	char *status;	    /* "BUILD", "ACTIVE", "SHUTOFF", "ERROR" … */
	char *task;	    /* what Nova is at ("powering-off"); or NULL */
	char *image;	    /* "": it booted from a volume */
	char *address;	    /* the first fixed one; or NULL */
	char *fault;	    /* why its status is ERROR; or NULL */
	char *pod;	    /* "": it does not say */
	char *image_digest; /* or NULL, as what follows */
	char *config_digest;
	char *receipt;
	char *release;
	char *console_key;	    /* what it says on its console is signed with it */
	struct string_list volumes; /* Cinder's UUIDs */
	int64_t created_ns;
};
void server_clear(struct server *server);

struct server_list {
	struct server *items; /* owned; by name, of one name the oldest first */
	size_t count;
};
void server_list_clear(struct server_list *list);

/* What a server is made with. All borrowed. */
struct server_request {
	const struct cloud_scope *scope;
	const char *name;
	const char *pod;
	const char *release; /* which one it is of */
	struct release_id id;
	const char *receipt;	 /* or NULL */
	const char *console_key; /* server_console_key() */
	const char *image;	 /* of Glance */
	const char *flavor;
	const char *port;
	const char *user_data;		   /* base64: server_document.h */
	const struct string_list *volumes; /* Cinder's UUIDs, there before it starts; or NULL */
	const char *availability_zone;	   /* or NULL */
	const char *key_pair;		   /* or NULL */
	bool has_config_drive;		   /* its user data also comes on a disk */
};

#define SERVER_CONSOLE_KEY_SIZE 65 /* 64 digits and NUL */
/* By chance, of the kernel's. */
void server_console_key(char ret[SERVER_CONSOLE_KEY_SIZE]);
/* The body of the call that makes it. Owned; pure. */
char *server_document_of(const struct server_request *request);

/*
 * Asks once: after an answer that was lost, who asked looks whether there is one of that name. *ret_id:
 * owned; it is only being built.
 */
MUST_CHECK bool server_create(struct openstack_client *client, const struct server_request *request,
			      char **ret_id, struct error *err);
/* All of the scope. */
MUST_CHECK bool server_list_of(struct openstack_client *client, const struct cloud_scope *scope,
			       struct server_list *ret, struct error *err);
/* *ret_exists false: it is gone, and *ret is empty. */
MUST_CHECK bool server_get(struct openstack_client *client, const char *id, struct server *ret,
			   bool *ret_exists, struct error *err);
/* Begins it: the guest hears its power button. Success when it is off or gone already. */
MUST_CHECK bool server_stop(struct openstack_client *client, const char *id, struct error *err);
/* Begins it; success when it is gone. */
MUST_CHECK bool server_delete(struct openstack_client *client, const char *id, struct error *err);
/* The last 1000 lines of its console; *ret owned; "": there is none, or not yet. */
MUST_CHECK bool server_console(struct openstack_client *client, const char *id, char **ret,
			       struct error *err);
/* What is signed on its console; nothing where it has no key. */
MUST_CHECK bool server_state(struct openstack_client *client, const struct server *server,
			     struct console_state *ret, struct error *err);

#endif
