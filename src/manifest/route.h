/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ROUTE_H
#define I2KIT_MANIFEST_ROUTE_H

/*
 * What an HTTP request is answered by, whoever said it: Ingress, HTTPRoute or the short form's
 * `routes`. One list for all of an app, in the order in which it is looked through: the first route
 * that fits answers. Names are of one meaning:
 * https://kubernetes.io/docs/concepts/services-networking/ingress/ and
 * https://gateway-api.sigs.k8s.io/reference/spec/#httproute
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"
#include "manifest/source_mark.h"

enum { ROUTES_MAX = 1000 }; /* of an app */

enum route_path { ROUTE_PREFIX, ROUTE_EXACT, ROUTE_PATHS };
extern const char *const route_path_words[ROUTE_PATHS];

/* A header or query parameter that a request must have, with this value. */
struct route_match {
	bool is_query;
	char *name;
	char *value;
};

enum route_edit_kind { ROUTE_SET, ROUTE_ADD, ROUTE_REMOVE, ROUTE_EDITS };
extern const char *const route_edit_words[ROUTE_EDITS];

/* A header of the request, or of its response, on the way. */
struct route_edit {
	enum route_edit_kind kind;
	bool is_response;
	char *name;
	char *value; /* NULL: removed */
};

struct route_backend {
	char *service;
	char *port_name; /* as written, where it was a name; or NULL */
	uint16_t port;	 /* of the Service */
	uint32_t weight; /* 0: nothing is sent there */
	struct source_mark mark;
	struct source_mark port_mark;
};

struct route {
	char *owner;	      /* "Ingress 'shop'", for messages and ps */
	char *namespace_name; /* of the object; its Services are there */
	char *host;	      /* NULL: any; "*.example.com" */
	bool is_deep;	      /* of a wildcard: any number of labels, not one */
	bool is_http;	      /* answers there */
	bool is_https;
	bool is_default; /* after all others */
	enum route_path path_type;
	char *path;   /* begins with '/' */
	char *method; /* NULL: any */
	struct route_match *matches;
	size_t match_count;
	struct route_edit *edits;
	size_t edit_count;
	/* URLRewrite, or where a redirect leads; NULL: as it came. */
	char *new_host;
	char *new_path;
	bool is_new_prefix; /* new_path takes the place of the path that was matched */
	/* RequestRedirect: answered here, and nothing is behind it. 0: none. */
	uint16_t redirect_status;
	uint16_t redirect_port; /* 0: the scheme's, or as it came */
	char *redirect_scheme;	/* NULL: as it came */
	struct route_backend *backends;
	size_t backend_count;
	struct source_mark mark;
};
void route_clear(struct route *route);
void routes_free(struct route *routes, size_t count);
/* Its own copy of all of it. */
void route_copy(struct route *to, const struct route *from);
/*
 * Exact hosts before wildcards (the longer first) before any; Exact paths before prefixes, longer
 * ones first; those with a method first, then those with more matches; else as they were.
 */
void routes_sort(struct route *routes, size_t count);

/* A Service's port that routes lead to. */
struct route_target {
	const char *service; /* borrowed */
	uint16_t port;
};
/* All of them, each once, in the order of the routes; owned array of borrowed names. */
struct route_target *routes_targets(const struct route *routes, size_t count, size_t *ret_count);

/* For https: with a Secret's certificate, or with one that is made here. */
struct route_tls {
	char *owner;
	char *namespace_name;
	struct string_list hosts;
	char *secret; /* NULL: none was named, or it is not in the manifests */
	struct source_mark mark;
};
void route_tls_clear(struct route_tls *tls);

#endif
