/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_REGISTRY_H
#define I2KIT_IMAGE_OCI_REGISTRY_H

/*
 * One repository at one endpoint, spoken to by the OCI Distribution API
 * (https://github.com/opencontainers/distribution-spec): authorisation, retries, and the choice
 * between https and http. Used by source_registry.c for documents and registry_blobs.c for layers.
 */

#include "base/backoff.h"
#include "base/http.h"
#include "base/progress.h"
#include "image/oci/docker_config.h"
#include "image/oci/registry_certificates.h"
#include "image/oci/registry_config.h"
#include "image/oci/source.h"

struct registry {
	const struct registry_endpoint *endpoint; /* borrowed */
	const struct progress *progress;	  /* borrowed */
	struct http_client *client;		  /* owned */
	struct registry_certificates certificates;
	char *host;			/* owned; the image's own, for messages */
	char *name;			/* owned; repository there, with the mirror's prefix */
	char *scheme;			/* owned; "https" or "http" */
	bool is_settled;		/* an answer came over this scheme */
	char *authorization;		/* owned header line, or NULL; secret */
	const struct credential *given; /* borrowed; instead of what files have, or NULL */
	char *login;	      /* owned; whose password was sent: "user 'bob' of FILE"; or NULL */
	unsigned login_count; /* how often the server made us authorise */
	/*
	 * How long a whole answer may take, and a layer besides a millisecond for each 32 bytes of
	 * it: one byte every few seconds keeps a connection alive and would never end.
	 */
	unsigned patience_ms;
};

MUST_CHECK bool registry_open(const struct source_request *request,
			      const struct registry_endpoint *endpoint, struct registry *ret,
			      struct error *err);
void registry_close(struct registry *registry);

/* "https://host/v2/NAME/KIND/WHAT"; owned. */
char *registry_url(const struct registry *registry, const char *kind, const char *what);

/* Fills everything but method, body, sink and headers. headers needs room for two lines. */
void registry_fill(const struct registry *registry, const char *url, const char *headers[2],
		   struct http_request *request);

/* http_perform() that stops when the work is cancelled. */
MUST_CHECK bool registry_request(struct registry *registry, const struct http_request *request,
				 struct http_response *ret, struct error *err);

/*
 * One small request with authorisation and up to three retries of what may pass (network, 429,
 * 5xx). Any other status is success here. method is GET or HEAD.
 */
MUST_CHECK bool registry_perform(struct registry *registry, const char *method, const char *url,
				 const char *accept, size_t max_bytes, struct http_response *ret,
				 struct error *err);

/* Says what a status other than 2xx means; what is "manifest 1.22", "layer sha256:…". */
bool registry_error(const struct registry *registry, const struct http_response *response,
		    const char *what, struct error *err);

/* Whether the same request may succeed a little later. */
bool registry_may_retry(int status, const struct error *err);

/* How much longer each wait is. */
extern const struct backoff registry_backoff;
/*
 * Waits before retry number `attempt` (from 0), or as long as the server asked (at most 30 s);
 * false: cancelled.
 */
MUST_CHECK bool registry_wait(const struct registry *registry, const struct http_response *response,
			      unsigned attempt, struct error *err);

#endif
