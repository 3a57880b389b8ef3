/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_CLIENT_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_CLIENT_H

/*
 * OpenStack as somebody in one project of one region: logs in with the first call and again when the token
 * has ended or is refused (once); tries again what is worth it. Not safe for two threads.
 */

#include "base/http.h"
#include "base/progress.h"
#include "cloud/openstack/client/answer.h"
#include "cloud/openstack/client/login.h"
#include "cloud/openstack/client/settings.h"

/* A service as the catalog names it, with the version that is spoken with it. */
struct openstack_service {
	const char *type;	  /* "compute" */
	const char *version;	  /* at the end of its address: "v2.1" */
	const char *microversion; /* or NULL: the oldest */
};
extern const struct openstack_service OPENSTACK_COMPUTE;
extern const struct openstack_service OPENSTACK_IMAGE;
extern const struct openstack_service OPENSTACK_NETWORK;
extern const struct openstack_service OPENSTACK_VOLUME;
extern const struct openstack_service OPENSTACK_BALANCER;

struct openstack_call {
	const struct openstack_service *service;
	const char *method; /* NULL: GET */
	const char *path;   /* behind the service's address, with its query, percent-encoded */
	const char *json;   /* the body; or NULL */
	const char *type;   /* of that body; NULL: application/json */
	/*
	 * Bytes in place of JSON, either way. Such a call is made once and not tried again: who sends or
	 * takes them has to begin anew. There is no limit for the whole of it, and Glance may think for
	 * ten minutes when it has everything.
	 */
	http_source_fn *source; /* the body; or NULL */
	void *source_arg;
	uint64_t source_size;
	http_sink_fn *sink; /* takes what a 2xx answer has; or NULL */
	void *sink_arg;
	/* These bytes alone, both counted; range_last 0: all. A service that cannot do it answers 200. */
	uint64_t range_first;
	uint64_t range_last;
};

struct openstack_client;
/* cloud, region NULL: see settings.h. parallel: most requests at once. Nothing is asked yet. */
MUST_CHECK struct openstack_client *openstack_client_new(const char *cloud, const char *region,
							 unsigned parallel, struct error *err);
void openstack_client_free(struct openstack_client *client);
DEFINE_AUTO_PTR(openstack_client, openstack_client_free)

const struct openstack_settings *openstack_client_settings(const struct openstack_client *client);
/* Logs in, if that has not been. Borrowed; NULL on failure. */
MUST_CHECK const struct openstack_login *openstack_client_login(struct openstack_client *client,
								struct error *err);
/* Whether the cloud has the service at all; false with *err only when the login failed. */
bool openstack_client_has(struct openstack_client *client, const struct openstack_service *service,
			  struct error *err);

/* True for a 2xx answer; an error's answer is in *ret as well as in err. *ret is cleared first. */
MUST_CHECK bool openstack_client_call(struct openstack_client *client,
				      const struct openstack_call *call,
				      struct openstack_answer *ret, struct error *err);
/* The same for what is answered with JSON; NULL on failure. */
MUST_CHECK struct json_document *openstack_client_ask(struct openstack_client *client,
						      const struct openstack_call *call,
						      struct error *err);

#endif
