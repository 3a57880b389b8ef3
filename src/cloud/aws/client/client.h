/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_CLIENT_H
#define I2KIT_CLOUD_AWS_CLIENT_CLIENT_H

/*
 * AWS as somebody with credentials in one region: calls are signed, tried again where that helps,
 * credentials renewed before they run out, a wrong clock put right. Not safe for two threads.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/http.h"
#include "base/progress.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/request.h"

struct aws_client;

struct aws_client_options {
	const char *profile;
	const char *region;
	unsigned parallel;				       /* most requests at once */
	char *(*ask)(const char *question, struct error *err); /* see settings.h */
};

/* Reads settings; finds the region but no credentials yet. NULL on failure. */
MUST_CHECK struct aws_client *aws_client_new(const struct aws_client_options *options,
					     struct error *err);
void aws_client_free(struct aws_client *client);
DEFINE_AUTO_PTR(aws_client, aws_client_free)

const char *aws_client_region(const struct aws_client *client);
const struct aws_settings *aws_client_settings(const struct aws_client *client);
struct http_client *aws_client_http(struct aws_client *client);
/* Where the credentials in use come from; NULL before the first call. */
const char *aws_client_source(const struct aws_client *client);

/*
 * One call with its retries (exponential with full jitter, at most the configured attempts). True
 * for a 2xx answer; an error answer is in *ret as well as in err. *ret is cleared first.
 */
MUST_CHECK bool aws_client_call(struct aws_client *client, const struct aws_call *call,
				struct aws_answer *ret, struct error *err);
/* The same for a query service, answered in XML; NULL on failure. ret_answer may be NULL. */
struct xml;
MUST_CHECK struct xml *aws_client_query(struct aws_client *client, const struct aws_query *query,
					struct aws_answer *ret_answer, struct error *err);

/* For callers with a retry policy of their own: sign with good credentials and the right clock. */
MUST_CHECK bool aws_client_sign(struct aws_client *client, const struct aws_call *call,
				struct aws_signed *ret, struct error *err);
/* Learns the service's clock from an answer that complains about ours; true: worth another try. */
bool aws_client_learn_clock(struct aws_client *client, const struct aws_answer *answer);

#endif
