/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"
#include "cloud/aws/client/metadata.h"
#include "cloud/aws/client/permissions.h"
#include "cloud/patience.h"

#define NS_PER_S	 INT64_C(1000000000)
#define RENEW_BEFORE_S	 (10 * 60) /* what botocore calls mandatory */
#define MAX_CLOCK_SKEW_S (4 * 60)  /* AWS accepts five minutes */
#define CALL_TIMEOUT_MS	 120000
#define MAX_ANSWER_BYTES ((size_t)16 * 1024 * 1024)

struct aws_client {
	struct aws_settings settings;
	char *region;		  /* owned */
	struct http_client *http; /* owned */
	struct aws_credentials credentials;
	bool has_credentials;
	int64_t clock_offset_s; /* the service's clock minus ours */
};

void aws_client_free(struct aws_client *client)
{
	if (client == NULL)
		return;
	http_client_free(client->http);
	aws_settings_clear(&client->settings);
	aws_credentials_clear(&client->credentials);
	free(client->region);
	free(client);
}

static bool find_region(struct aws_client *client, struct error *err)
{
	client->region = xstrdup_or_null(client->settings.region);
	if (client->region == NULL)
		client->region = aws_region_from_metadata(&client->settings, client->http);
	if (client->region == NULL) {
		error_set(err, ERROR_NOT_FOUND, "no AWS region is configured");
		return error_hint(err, "--region eu-west-1, AWS_REGION, or provider.region in "
				       "environment.yml");
	}
	if (!aws_region_is_valid(client->region))
		return error_set(err, ERROR_INVALID, "'%s' is not an AWS region", client->region);
	return true;
}

struct aws_client *aws_client_new(const struct aws_client_options *options, struct error *err)
{
	AUTO_PTR(aws_client) struct aws_client *client = xcalloc(1, sizeof(*client));
	if (!aws_settings_load(options->profile, options->region, &client->settings, err))
		return NULL;
	client->settings.ask = options->ask;
	client->http = http_client_new(options->parallel > 0 ? options->parallel : 4);
	if (!find_region(client, err))
		return NULL;
	return TAKE_PTR(client);
}

const char *aws_client_region(const struct aws_client *client)
{
	return client->region;
}

const struct aws_settings *aws_client_settings(const struct aws_client *client)
{
	return &client->settings;
}

struct http_client *aws_client_http(struct aws_client *client)
{
	return client->http;
}

const char *aws_client_source(const struct aws_client *client)
{
	return client->has_credentials ? client->credentials.source : NULL;
}

static int64_t service_time_s(const struct aws_client *client)
{
	return clock_wall_ns() / NS_PER_S + client->clock_offset_s;
}

static bool renew_credentials(struct aws_client *client, struct error *err)
{
	int64_t expires_s = client->credentials.expires_ns / NS_PER_S;
	bool is_good = client->has_credentials &&
		       (expires_s == 0 || expires_s - service_time_s(client) > RENEW_BEFORE_S);
	if (is_good)
		return true;
	struct aws_credentials fresh = {0};
	struct error failure = ERROR_INIT;
	if (!aws_credentials_find(&client->settings, client->http, &fresh, &failure)) {
		/* Old ones that still hold for a while are better than none. */
		if (client->has_credentials && expires_s > service_time_s(client)) {
			error_clear(&failure);
			return true;
		}
		return error_move(err, &failure);
	}
	aws_credentials_clear(&client->credentials);
	client->credentials = fresh;
	client->has_credentials = true;
	log_verbose("AWS credentials from %s", fresh.source);
	return true;
}

bool aws_client_sign(struct aws_client *client, const struct aws_call *call, struct aws_signed *ret,
		     struct error *err)
{
	/* So that a policy which is made from the table never lacks what the code does. */
	if (!call->is_unsigned && !permission_is_known(call->service->signing, call->action))
		return error_set(err, ERROR_INVALID, "%s:%s is not in the table of permissions",
				 call->service->signing, call->action);
	if (!call->is_unsigned && !renew_credentials(client, err))
		return false;
	return aws_call_sign(call, &client->settings, client->region, &client->credentials,
			     service_time_s(client), ret, err);
}

bool aws_client_learn_clock(struct aws_client *client, const struct aws_answer *answer)
{
	if (!aws_answer_is_skew(answer))
		return false;
	int64_t difference = answer->date_s - service_time_s(client);
	if (difference > -MAX_CLOCK_SKEW_S && difference < MAX_CLOCK_SKEW_S)
		return false; /* the signature is wrong for another reason */
	client->clock_offset_s += difference;
	log_verbose("the clock here is %lld s off; signing with AWS's",
		    (long long)client->clock_offset_s);
	return true;
}

/* One attempt. False: no answer came at all. */
static bool perform(struct aws_client *client, const struct aws_call *call, struct aws_answer *ret,
		    struct error *err)
{
	AUTO(aws_signed_clear) struct aws_signed request = {0};
	if (!aws_client_sign(client, call, &request, err))
		return false;
	struct http_request http = {
		.method = call->method != NULL ? call->method : "POST",
		.url = request.url,
		.headers = (const char *const *)request.headers.items,
		.body = call->body,
		.body_size = call->body_size,
		.ca_file = client->settings.ca_file,
		.max_response_bytes = MAX_ANSWER_BYTES,
		.timeout_ms = CALL_TIMEOUT_MS,
		.send_raw_path = true,
	};
	AUTO(http_response_clear) struct http_response response = {0};
	if (!http_perform(client->http, &http, &response, err))
		return error_prefix(err, "%s %s", call->service->name, call->action);
	aws_answer_read(call->service, &response, ret);
	return true;
}

static bool is_worth_retrying(struct aws_client *client, const struct aws_call *call,
			      const struct aws_answer *answer, const struct error *failure)
{
	if (answer->status == 0)
		return failure->kind == ERROR_NETWORK || failure->kind == ERROR_TIMEOUT;
	if (aws_answer_is_transient(call->service, answer))
		return true;
	if (aws_client_learn_clock(client, answer))
		return true;
	if (client->credentials.expires_ns != 0 && aws_code_is(answer, "ExpiredToken")) {
		client->has_credentials = false;
		return true;
	}
	return false;
}

bool aws_client_call(struct aws_client *client, const struct aws_call *call, struct aws_answer *ret,
		     struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	for (unsigned attempt = 0;; attempt++) {
		aws_answer_clear(ret);
		error_clear(&failure);
		if (perform(client, call, ret, &failure)) {
			if (ret->status >= 200 && ret->status < 300)
				return true;
			aws_answer_error(call, ret, &failure);
		}
		bool is_last = attempt + 1 >= client->settings.max_attempts;
		if (is_last || !is_worth_retrying(client, call, ret, &failure))
			return error_move(err, &failure);
		static const struct backoff law = {200, 20000, 200};
		uint64_t wait = patience_backoff_ms(&law, attempt);
		if (wait < ret->retry_after_ms)
			wait = ret->retry_after_ms;
		log_debug("%s; once more in %llu ms", failure.message, (unsigned long long)wait);
		if (!patience_wait_ms(wait, NULL, err))
			return false;
	}
}

struct xml *aws_client_query(struct aws_client *client, const struct aws_query *query,
			     struct aws_answer *ret_answer, struct error *err)
{
	AUTO(aws_answer_clear) struct aws_answer own = {0};
	struct aws_answer *answer = ret_answer != NULL ? ret_answer : &own;
	struct aws_call call = aws_call_query(query);
	if (!aws_client_call(client, &call, answer, err))
		return NULL;
	struct xml *root =
		xml_parse(answer->body != NULL ? answer->body : "", answer->body_size, err);
	if (root == NULL)
		error_prefix(err, "%s %s", query->service->name, query->action);
	return root;
}
