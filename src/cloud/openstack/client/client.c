/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/client/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/string_list.h"
#include "cloud/patience.h"

#define RENEW_BEFORE_NS	 (INT64_C(120) * 1000000000)
#define CALL_TIMEOUT_MS	 120000
#define BYTES_STALL_MS	 600000
#define MAX_ATTEMPTS	 5
#define MAX_ANSWER_BYTES ((size_t)16 << 20)

/* Nova's 2.79: volumes may be kept or not when a server goes; Train, 2019. */
const struct openstack_service OPENSTACK_COMPUTE = {"compute", "v2.1", "2.79"};
const struct openstack_service OPENSTACK_IMAGE = {"image", "v2", NULL};
const struct openstack_service OPENSTACK_NETWORK = {"network", "v2.0", NULL};
const struct openstack_service OPENSTACK_VOLUME = {"block-storage", "v3", "3.59"};
const struct openstack_service OPENSTACK_BALANCER = {"load-balancer", "v2.0", NULL};

struct openstack_client {
	struct openstack_settings settings;
	struct http_client *http; /* owned */
	struct openstack_login login;
	bool has_login;
};

void openstack_client_free(struct openstack_client *client)
{
	if (client == NULL)
		return;
	http_client_free(client->http);
	openstack_settings_clear(&client->settings);
	openstack_login_clear(&client->login);
	free(client);
}

struct openstack_client *openstack_client_new(const char *cloud, const char *region,
					      unsigned parallel, struct error *err)
{
	AUTO_PTR(openstack_client) struct openstack_client *client = xcalloc(1, sizeof(*client));

	if (!openstack_settings_load(cloud, region, &client->settings, err))
		return NULL;
	client->http = http_client_new(parallel > 0 ? parallel : 4);
	return TAKE_PTR(client);
}

const struct openstack_settings *openstack_client_settings(const struct openstack_client *client)
{
	return &client->settings;
}

/* What every request has of the cloud's settings. */
static struct http_request request_of(const struct openstack_client *client, const char *method,
				      const char *url)
{
	const struct openstack_settings *settings = &client->settings;

	return (struct http_request){
		.method = method,
		.url = url,
		.ca_file = settings->ca_file,
		.client_cert_file = settings->cert_file,
		.client_key_file =
			settings->key_file != NULL ? settings->key_file : settings->cert_file,
		.allow_insecure_tls = settings->is_insecure,
		.max_response_bytes = MAX_ANSWER_BYTES,
		.timeout_ms = CALL_TIMEOUT_MS,
		.send_raw_path = true,
	};
}

/* One request with its retries; the status is the caller's to look at. */
static bool perform(struct openstack_client *client, const struct http_request *request,
		    const char *what, struct openstack_answer *ret, struct error *err)
{
	bool is_repeatable =
		strcmp(request->method, "GET") == 0 || strcmp(request->method, "DELETE") == 0;

	for (unsigned attempt = 0;; attempt++) {
		AUTO(http_response_clear) struct http_response response = {0};
		AUTO(error_clear) struct error failure = ERROR_INIT;
		openstack_answer_clear(ret);
		bool is_answered = http_perform(client->http, request, &response, &failure);
		if (is_answered)
			openstack_answer_read(&response, ret);
		bool is_better_later = is_answered
					       ? openstack_answer_is_transient(ret, is_repeatable)
					       : is_repeatable && (failure.kind == ERROR_NETWORK ||
								   failure.kind == ERROR_TIMEOUT);
		bool is_stream = request->source != NULL || request->sink != NULL;
		if (is_better_later && !is_stream && attempt + 1 < MAX_ATTEMPTS) {
			log_debug("%s: %d; once more", what, ret->status);
			static const struct backoff law = {200, 10000, 200};
			uint64_t wait = patience_backoff_ms(&law, attempt);
			if (wait < ret->retry_after_ms)
				wait = ret->retry_after_ms;
			if (!patience_wait_ms(wait, NULL, err))
				return false;
			continue;
		}
		if (is_answered)
			return true;
		(void)error_prefix(&failure, "%s", what);
		return error_move(err, &failure);
	}
}

static bool explain_login(const struct openstack_client *client,
			  const struct openstack_answer *answer, struct error *err)
{
	const struct openstack_settings *settings = &client->settings;
	const char *from = settings->file != NULL ? settings->file : "OS_* in the environment";

	(void)openstack_answer_error(answer, "the login", err);
	(void)error_prefix(err, "the OpenStack cloud '%s'", settings->cloud);
	if (answer->status == 401)
		(void)error_hint(err, "user, password and project are those of %s", from);
	/* An application credential that was taken back, too. */
	if (answer->status == 404)
		(void)error_hint(err, "auth_url and application credential are those of %s", from);
	return false;
}

static bool log_in(struct openstack_client *client, struct error *err)
{
	AUTO_FREE char *document = openstack_login_document(&client->settings, err);
	if (document == NULL)
		return false;
	AUTO_FREE char *identity =
		openstack_identity_url(cloud_values_get(&client->settings.values, "auth.auth_url"));
	AUTO_FREE char *url = xasprintf("%s/auth/tokens", identity);
	static const char *const headers[] = {"Content-Type: application/json",
					      "Accept: application/json", NULL};
	struct http_request request = request_of(client, "POST", url);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(openstack_login_clear) struct openstack_login login = {0};

	request.headers = headers;
	request.body = document;
	request.body_size = strlen(document);
	if (!perform(client, &request, "the login", &answer, err))
		return error_prefix(err, "the OpenStack cloud '%s'", client->settings.cloud);
	if (answer.status != 201 && answer.status != 200)
		return explain_login(client, &answer, err);
	if (!openstack_login_read(&answer, &login, err))
		return false;
	openstack_login_clear(&client->login);
	client->login = login;
	login = (struct openstack_login){0};
	client->has_login = true;
	return true;
}

const struct openstack_login *openstack_client_login(struct openstack_client *client,
						     struct error *err)
{
	bool is_good =
		client->has_login && client->login.expires_ns - clock_wall_ns() > RENEW_BEFORE_NS;

	return is_good || log_in(client, err) ? &client->login : NULL;
}

/* "compute_endpoint_override", with underscores for dashes. */
static const char *setting_of(const struct openstack_client *client, const char *type,
			      const char *name)
{
	AUTO_FREE char *key = xasprintf("%s_%s", type, name);

	for (char *at = key; *at != '\0'; at++)
		*at = *at == '-' ? '_' : *at;
	return cloud_values_get(&client->settings.values, key);
}

static const char *either(const char *a, const char *b)
{
	return a != NULL ? a : b;
}

/* Borrowed; NULL: the cloud has none. */
static const char *endpoint_of(const struct openstack_client *client,
			       const struct openstack_service *service)
{
	const char *type = service->type;
	const char *given = setting_of(client, type, "endpoint_override");

	if (given != NULL)
		return given;
	return catalog_find(
		&client->login.catalog, either(setting_of(client, type, "service_type"), type),
		either(setting_of(client, type, "interface"), client->settings.interface),
		either(setting_of(client, type, "region_name"), client->settings.region));
}

bool openstack_client_has(struct openstack_client *client, const struct openstack_service *service,
			  struct error *err)
{
	return openstack_client_login(client, err) != NULL && endpoint_of(client, service) != NULL;
}

/* Owned; NULL and *err. */
static char *url_of(struct openstack_client *client, const struct openstack_call *call,
		    struct error *err)
{
	const char *endpoint = endpoint_of(client, call->service);
	const char *region = client->settings.region;

	if (endpoint == NULL) {
		error_set(err, ERROR_NOT_FOUND, "the OpenStack cloud '%s' has no %s service%s%s",
			  client->settings.cloud, call->service->type,
			  region[0] != '\0' ? " in region " : "", region);
		return NULL;
	}
	AUTO_FREE char *base = catalog_versioned(endpoint, call->service->version);
	return xasprintf("%s%s", base, call->path);
}

static void add_headers(const struct openstack_client *client, const struct openstack_call *call,
			struct string_list *headers)
{
	const struct openstack_service *service = call->service;
	bool is_volume = strcmp(service->type, "block-storage") == 0;
	bool wants_bytes = call->sink != NULL || call->range_last > 0;

	string_list_addf(headers, "X-Auth-Token: %s", client->login.token);
	string_list_addf(headers, "Accept: %s", wants_bytes ? "*/*" : "application/json");
	if (call->source != NULL) {
		string_list_add(headers, "Content-Type: application/octet-stream");
		/* A refusal comes before the bytes; else the connection may be gone before it is read. */
		string_list_add(headers, "Expect: 100-continue");
	}
	if (call->json != NULL)
		string_list_addf(headers, "Content-Type: %s",
				 call->type != NULL ? call->type : "application/json");
	if (call->range_last > 0)
		string_list_addf(headers, "Range: bytes=%" PRIu64 "-%" PRIu64, call->range_first,
				 call->range_last);
	if (service->microversion != NULL)
		string_list_addf(headers, "OpenStack-API-Version: %s %s",
				 is_volume ? "volume" : service->type, service->microversion);
}

static bool is_stream(const struct openstack_call *call)
{
	return call->source != NULL || call->sink != NULL;
}

static bool call_once(struct openstack_client *client, const struct openstack_call *call,
		      const char *what, struct openstack_answer *ret, struct error *err)
{
	if (openstack_client_login(client, err) == NULL)
		return false;
	AUTO_FREE char *url = url_of(client, call, err);
	AUTO(string_list_clear) struct string_list headers = STRING_LIST_INIT;
	if (url == NULL)
		return false;
	add_headers(client, call, &headers);
	struct http_request request =
		request_of(client, call->method != NULL ? call->method : "GET", url);
	request.headers = (const char *const *)headers.items;
	request.body = call->json;
	request.body_size = call->json != NULL ? strlen(call->json) : (size_t)call->source_size;
	request.source = call->source;
	request.source_arg = call->source_arg;
	request.sink = call->sink;
	request.sink_arg = call->sink_arg;
	if (is_stream(call)) {
		request.timeout_ms = 0;
		request.stall_timeout_ms = BYTES_STALL_MS;
	}
	return perform(client, &request, what, ret, err);
}

bool openstack_client_call(struct openstack_client *client, const struct openstack_call *call,
			   struct openstack_answer *ret, struct error *err)
{
	AUTO_FREE char *what = xasprintf("%s: %s %.*s", call->service->type,
					 call->method != NULL ? call->method : "GET",
					 (int)strcspn(call->path, "?"), call->path);

	if (!call_once(client, call, what, ret, err))
		return false;
	/* A token may end before its time: revoked, or the cloud's keys are new. */
	if (ret->status == 401) {
		client->has_login = false;
		if (!is_stream(call) && !call_once(client, call, what, ret, err))
			return false;
	}
	return (ret->status >= 200 && ret->status < 300) || openstack_answer_error(ret, what, err);
}

struct json_document *openstack_client_ask(struct openstack_client *client,
					   const struct openstack_call *call, struct error *err)
{
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};

	if (!openstack_client_call(client, call, &answer, err))
		return NULL;
	AUTO_FREE char *what = xasprintf("%s: %s", call->service->type, call->path);
	return openstack_answer_json(&answer, what, err);
}
