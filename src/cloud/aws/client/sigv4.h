/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_SIGV4_H
#define I2KIT_CLOUD_AWS_CLIENT_SIGV4_H

/*
 * AWS Signature Version 4. Own code because libcurl before 8.10 signs requests that carry both
 * x-amz-checksum and x-amz-checksum-algorithm wrongly, which is every request that writes an EBS
 * snapshot. Pure: the same input gives the same signature.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/string_list.h"

#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

struct sigv4_key {
	const char *access_key;
	const char *secret_key;
	const char *session_token; /* NULL: none */
};

struct sigv4_request {
	const char *method;
	const char *host;  /* as in the Host header: with the port unless it is the scheme's own */
	const char *path;  /* as on the wire, percent-encoded once; "" counts as "/" */
	const char *query; /* as on the wire, without "?"; NULL: none */
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL; all are signed but
				       those a proxy may change */
	const char *payload_hash;   /* hex SHA-256 of the body, or SIGV4_UNSIGNED_PAYLOAD */
	const char *region;
	const char *service;
	int64_t time_s;	       /* since 1970; what X-Amz-Date says */
	bool is_s3;	       /* path is encoded once and keeps its dot segments */
	bool add_content_hash; /* also send x-amz-content-sha256 (S3, and unsigned payloads) */
};

/*
 * Appends the headers to send (X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-SHA256 as needed,
 * and Authorization) to *headers.
 */
MUST_CHECK bool sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *request,
			   struct string_list *headers, struct error *err);

/* The two texts under the signature; owned; for tests and for -vv. No secret is in them. */
char *sigv4_canonical_request(const struct sigv4_key *key, const struct sigv4_request *request);

/* "20261125T022623Z" */
#define SIGV4_DATE_SIZE 17
MUST_CHECK bool sigv4_date(int64_t time_s, char out[SIGV4_DATE_SIZE]);

#endif
