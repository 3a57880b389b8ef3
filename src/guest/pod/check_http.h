/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_CHECK_HTTP_H
#define I2KIT_GUEST_POD_CHECK_HTTP_H

/*
 * What an HTTP probe says and hears, RFC 9112, and where a redirect leads, RFC 3986: as a
 * kubelet's. Pure. An answer's body is never wanted, so however long it is nobody reads it.
 */

#include "base/strbuf.h"
#include "wire/pod_document.h"

#define HTTP_MAX_REDIRECTS 10 /* Go's client, and so the kubelet's */

/* Whom to ask for what. */
struct http_target {
	bool is_https;
	uint16_t port;
	char *host; /* owned; IPv6 without brackets */
	char *path; /* owned; with the query */
};
void http_target_clear(struct http_target *target);

/* check: for its headers. */
void http_request_make(const struct check *check, const struct http_target *target,
		       struct strbuf *ret);
/* What an answer's first bytes say: 0 more are needed, else the status, -1 nonsense. */
int http_status_parse(const char *bytes, size_t size);
/*
 * The status of the answer that counts: interim ones (1xx but 101) are passed over. A redirect's
 * counts once its headers are whole; *ret_location, owned, is its Location or NULL.
 */
int http_answer_parse(const char *bytes, size_t size, char **ret_location);

enum http_redirect { REDIRECT_SAME_HOST, REDIRECT_ELSEWHERE, REDIRECT_NONSENSE };
/* The target becomes what location means from there, where that is at the same host. */
enum http_redirect http_target_follow(struct http_target *target, const char *location);

#endif
